package versioning

import (
	"strings"
	"testing"
)

func openAt(t testing.TB, dir string) *Repository {
	t.Helper()
	repository, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := repository.Close(); err != nil {
			t.Error(err)
		}
	})
	return repository
}

// read answers a query at a folder.
func read(t testing.TB, dir string, query Query) Facts {
	t.Helper()
	facts, err := openAt(t, dir).Read(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

// next is the version of a query at a folder, or its error.
func next(t testing.TB, dir string, query Query, rules Rules) (Version, error) {
	t.Helper()
	facts := read(t, dir, query)
	return Next(facts, rules)
}

// wantVersion checks a version; %H in want stands for the first eight digits of hash.
func wantVersion(t testing.TB, dir string, query Query, rules Rules, want, hash string) Version {
	t.Helper()
	got, err := next(t, dir, query, rules)
	if err != nil {
		t.Fatalf("want %s, got error: %v", want, err)
	}
	want = strings.ReplaceAll(want, "%H", abbreviate(hash))
	if got.Number != want {
		t.Errorf("version\nwant %s\n got %s\n%s", want, got.Number, strings.Join(got.Explain, "\n"))
	}
	return got
}
