package evidence

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/release"
)

func unpack(t *testing.T, archive []byte) (names []string, files map[string]string) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	files = map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names, files
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		names, files[h.Name] = append(names, h.Name), string(text)
	}
}

func testBundle() *bundle {
	return &bundle{
		release: "web in shop", cause: "it broke with hunter22", at: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
		redact: strings.NewReplacer("hunter22", "***").Replace, files: map[string]string{},
	}
}

func TestBundleLayout(t *testing.T) {
	make1 := func() []byte {
		b := testBundle()
		b.add("pods/web-1/main.log", "hunter22 logged in\n", false)
		b.add("evidence.txt", "Deployment/web: it broke\n", true)
		b.add("empty.txt", " \n", true)
		b.lacks("nodes/n1", errors.New("forbidden for hunter22"))
		archive, err := b.archive()
		if err != nil {
			t.Fatal(err)
		}
		return archive
	}
	archive := make1()
	if !bytes.Equal(archive, make1()) {
		t.Error("the same evidence makes other bytes")
	}
	names, files := unpack(t, archive)
	if diff := cmp.Diff([]string{"index.txt", "evidence.txt", "pods/web-1/main.log"}, names); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{"release  web in shop", "time     2026-01-02T03:04:05Z", "cause    it broke with ***", "25  evidence.txt", "nodes/n1: forbidden for ***"} {
		if !strings.Contains(files["index.txt"], want) {
			t.Errorf("%q is not in the index:\n%s", want, files["index.txt"])
		}
	}
	if files["pods/web-1/main.log"] != "*** logged in\n" {
		t.Errorf("%q", files["pods/web-1/main.log"])
	}
}

// Whatever is put in, the archive stays below 5 MB, the first files are there and the index says what is not.
func TestBundleIsBounded(t *testing.T) {
	b := testBundle()
	b.add("evidence.txt", "first", true)
	random := rand.NewChaCha8([32]byte{})
	noise := make([]byte, 300<<10)
	for i := range 40 {
		for j := range noise {
			noise[j] = ' ' + byte(random.Uint64()%90) // does not compress
		}
		b.add("pods/p/"+string(rune('a'+i))+".log", string(noise)+"the end", false)
	}
	archive, err := b.archive()
	if err != nil {
		t.Fatal(err)
	}
	names, files := unpack(t, archive)
	if len(archive) > 5_000_000 || files["evidence.txt"] != "first" || len(names) < 15 {
		t.Errorf("%d bytes, %d files", len(archive), len(names))
	}
	log := files["pods/p/a.log"]
	if len(log) > maxBundleFile || !strings.HasPrefix(log, "... cut") || !strings.HasSuffix(log, "the end") {
		t.Errorf("%d bytes, %.40q", len(log), log)
	}
	if !strings.Contains(files["index.txt"], "no room") {
		t.Error("the index does not say what is missing")
	}
}

// parsed reads one object from YAML.
func parsed(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	list, err := release.ParseManifest(text)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d objects, %v", len(list), err)
	}
	return list[0]
}

func TestWithoutSecrets(t *testing.T) {
	secret := withoutSecrets(parsed(t, "apiVersion: v1\nkind: Secret\nmetadata: {name: a, managedFields: [{manager: x}]}\ndata: {k: c2VjcmV0}\nstringData: {s: plain}\n"), nil)
	if diff := cmp.Diff(map[string]any{"k": "***", "s": "***"}, secret.Object["data"]); diff != "" || secret.GetManagedFields() != nil {
		t.Errorf("%v", secret.Object)
	}
	pod := parsed(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {kubectl.kubernetes.io/last-applied-configuration: x, b: c}}\nspec: {containers: [{name: main, env: [{name: DB_PASSWORD, value: abc}, {name: MODE, value: fast}]}]}\n")
	masked := withoutSecrets(pod, nil)
	want := parsed(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {b: c}}\nspec: {containers: [{name: main, env: [{name: DB_PASSWORD, value: '***'}, {name: MODE, value: fast}]}]}\n")
	if diff := cmp.Diff(want.Object, masked.Object); diff != "" {
		t.Error(diff)
	}
	if pod.GetAnnotations()["kubectl.kubernetes.io/last-applied-configuration"] == "" {
		t.Error("the object itself was changed")
	}
}
