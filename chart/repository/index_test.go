package repository

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/chart/oci"
	"github.com/pintle-ci/pintle/internal/charttest"
	"github.com/pintle-ci/pintle/registry"
	"github.com/pintle-ci/pintle/registry/registrytest"
)

// quick retries without delay.
var quick = registry.Access{Pause: time.Nanosecond}

const smallIndex = `apiVersion: v1
# written by a server
entries:
  mysql:
  - apiVersion: v2
    name: mysql
    version: 5.0.0
    urls:
    - mysql-5.0.0.tgz
  redis:
  - apiVersion: v2
    description: |
      what redis: is

      # no comment
    name: redis
    version: 1.9.0
    urls:
    - redis-1.9.0.tgz
  - name: redis
    version: 1.10.0
    dependencies:
    - {name: x}
    - {name: x}
    urls: [redis-1.10.0.tgz]
  - version: 1.11.0
    urls: [nameless]
  - name: redis
    version: one
    urls: [x]
  - null
  - name: redis
    version: 2.0.0-rc.1
    urls: [redis-2.tgz]
  - name: redis
    version: 1.12.0
  empty: []
generated: "2024-05-06T07:08:09Z"
`

func versionsOf(ix *Index, name string) []string {
	var list []string
	for _, e := range ix.entries[name] {
		list = append(list, e.Version)
	}
	return list
}

func TestParseIndex(t *testing.T) {
	asJSON, err := yaml.YAMLToJSON([]byte(smallIndex))
	if err != nil {
		t.Fatal(err)
	}
	flow := "{apiVersion: v1, entries: " + strings.TrimPrefix(string(asJSON), `{"apiVersion":"v1","entries":`)
	indented := strings.ReplaceAll(smallIndex, "\n", "\n  ")
	anchored := strings.Replace(smallIndex, "  mysql:\n", "  mysql: &m\n", 1)
	for name, text := range map[string]string{
		"yaml": smallIndex, "json": string(asJSON), "flow": flow, "anchored": anchored, "CRLF": strings.ReplaceAll(smallIndex, "\n", "\r\n"),
		"BOM": "\ufeff" + smallIndex, "indented": "  " + indented, "quoted": strings.Replace(smallIndex, "  redis:", `  "redis":`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			ix, err := parseIndex([]byte(text), []string{"redis", "nothing"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"2.0.0-rc.1", "1.12.0", "1.10.0", "1.9.0"}, versionsOf(ix, "redis")); diff != "" {
				t.Errorf("versions (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"empty", "mysql", "redis"}, ix.names); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
			if len(ix.Skipped) != 3 {
				t.Errorf("left out: %q", ix.Skipped)
			}
		})
	}
}

func TestPick(t *testing.T) {
	ix, err := parseIndex([]byte(smallIndex), []string{"redis", "empty"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, wanted, want string }{
		{"redis", "", "1.10.0"},
		{"redis", "1.9.0", "1.9.0"},
		{"redis", "~1.9", "1.9.0"},
		{"redis", ">=1.0.0-0", "2.0.0-rc.1"},
		{"redis", "^3", "not found: no version of redis matches ^3; the newest are 2.0.0-rc.1, 1.10.0, 1.9.0"},
		{"redis", "1.12.0", "not found: no version of redis matches 1.12.0; the newest are 2.0.0-rc.1, 1.10.0, 1.9.0"},
		{"redis", "!", `version "!" is neither a version nor a range: write 1.2.3, ^1.2 or >=1.2 <2`},
		{"empty", "", "not found: the index has no version of empty that can be downloaded"},
		{"nothing", "", "not found: no chart nothing in the index, which has empty, mysql, redis"},
	} {
		e, err := ix.Pick(tt.name, tt.wanted)
		got := fmt.Sprint(err)
		if err == nil {
			got = e.Version
		}
		if got != tt.want {
			t.Errorf("%s %q: got %s, want %s", tt.name, tt.wanted, got, tt.want)
		}
	}
}

func TestParseIndexErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "the index is empty",
		"  \n":                                  "the index is empty",
		"<html>":                                "this is a web page, not an index",
		"entries:\n  a:\n  - name: a\n":         "apiVersion is missing",
		"apiVersion: v1\nentries: [x]\n":        "json: cannot unmarshal array into Go struct field .entries of type map[string]json.RawMessage",
		`{"apiVersion":"v1","entries":{"a":1}}`: "entries.a: json: cannot unmarshal number into Go value of type []json.RawMessage",
		"entries: " + strings.Repeat(" ", maxParsedBytes): "the index has 16 MiB and is not laid out as Helm writes it",
	} {
		if _, err := parseIndex([]byte(text), []string{"a"}); err == nil || err.Error() != want {
			t.Errorf("%.40q: got %v, want %s", text, err, want)
		}
	}
}

// TestLargeIndex shows that of a large index only what is wanted is parsed.
func TestLargeIndex(t *testing.T) {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nentries:\n")
	for i := range 2000 {
		fmt.Fprintf(&b, "  chart-%d:\n", i)
		for v := range 100 {
			fmt.Fprintf(&b, "  - apiVersion: v2\n    description: %s\n    name: chart-%d\n    version: 1.%d.0\n    urls: [x]\n", strings.Repeat("word ", 10), i, v)
		}
	}
	data := []byte(b.String())
	if len(data) <= maxParsedBytes {
		t.Fatalf("%d bytes are not large", len(data))
	}
	ix, err := parseIndex(data, []string{"chart-7"})
	if err != nil || len(ix.names) != 2000 || len(ix.entries["chart-7"]) != 100 {
		t.Fatalf("%v: %+v", err, ix)
	}
}

// hosts is a repository that asks for a user and sends archives elsewhere.
func hosts(t *testing.T, redirect bool) (repository, store *httptest.Server, sent *[]string) {
	t.Helper()
	sent = &[]string{}
	tgz := charttest.Archive(t, "redis", "1.0.0")
	store = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*sent = append(*sent, r.Header.Get("Authorization"))
		_, _ = w.Write(tgz)
	}))
	t.Cleanup(store.Close)
	repository = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		switch {
		case user != "ann" || password != "s3cret":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/index.yaml" && redirect:
			fmt.Fprint(w, "apiVersion: v1\nentries:\n  redis:\n  - {name: redis, version: 1.0.0, urls: [moved]}\n")
		case r.URL.Path == "/index.yaml":
			fmt.Fprintf(w, "apiVersion: v1\nentries:\n  redis:\n  - {name: redis, version: 1.0.0, urls: [%s/redis-1.0.0.tgz]}\n", store.URL)
		default:
			http.Redirect(w, r, store.URL+"/redis-1.0.0.tgz?token=abc", http.StatusFound)
		}
	}))
	t.Cleanup(repository.Close)
	return repository, store, sent
}

func TestCredentialsStayWithTheirHost(t *testing.T) {
	for _, redirect := range []bool{false, true} {
		for _, all := range []bool{false, true} {
			repository, _, sent := hosts(t, redirect)
			r := Repository{URL: repository.URL, Username: "ann", Password: "s3cret", PassCredentialsAll: all}
			if _, _, err := Pull(t.Context(), r, "redis", "", quick, nil); err != nil {
				t.Fatal(err)
			}
			if got := len(*sent) == 1 && (*sent)[0] != ""; got != all {
				t.Errorf("redirect %v, to all %v: the other host got %q", redirect, all, *sent)
			}
		}
	}
}

func TestCredentialsInURL(t *testing.T) {
	repository, _, _ := hosts(t, true)
	with := func(user string) Repository {
		return Repository{URL: strings.Replace(repository.URL, "://", "://"+user+"@", 1)}
	}
	if _, _, err := Pull(t.Context(), with("ann:s3cret"), "redis", "", quick, nil); err != nil {
		t.Error(err)
	}
	_, _, err := Pull(t.Context(), with("ann:wr0ng"), "redis", "", quick, nil)
	want := "download " + repository.URL + `/index.yaml: access denied: 401 Unauthorized; the user "ann" was refused: correct the credentials with helm repo add --force-update`
	if !errors.Is(err, registry.ErrDenied) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	_, _, err = Pull(t.Context(), Repository{URL: repository.URL}, "redis", "", quick, nil)
	host := strings.TrimPrefix(repository.URL, "http://")
	want = "download " + repository.URL + "/index.yaml: access denied: 401 Unauthorized; no credentials for " + host + ": add them with helm repo add NAME " + repository.URL + " --username USER --password-stdin"
	if !errors.Is(err, registry.ErrDenied) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestDownloadFaults(t *testing.T) {
	tgz := charttest.Archive(t, "redis", "1.0.0")
	good := []byte("apiVersion: v1\nentries:\n  redis:\n  - {name: redis, version: 1.0.0, urls: [redis-1.0.0.tgz]}\n")
	tests := []struct {
		name  string
		n     int // how often the fault comes
		fault http.HandlerFunc
		want  string // behind "download URL/redis-1.0.0.tgz: ", empty when it passes
		asked int
	}{
		{"503 that passes", 2, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, "", 4},
		{"cut that passes", 1, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "", 3},
		{"half an archive that passes", 1, half(tgz), "", 3},
		{"half an archive", 99, half(tgz), "the registry is overloaded or broken: the answer ended early; try again later, or look at the repository's log and at what stands between", 5},
		{"500", 99, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, "the registry is overloaded or broken: 500 Internal Server Error; try again later, or look at the repository's log", 5},
		{"429 for an hour", 99, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(429)
		}, "the registry is overloaded or broken: 429 Too Many Requests; too many requests: wait a while", 2},
		{"without end", 99, func(w http.ResponseWriter, _ *http.Request) {
			for block := make([]byte, 1<<20); ; {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}, "the registry's answer is larger than allowed", 2},
		{"a circle", 99, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, "stopped after 10 redirects", 11},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			asked := 0
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				switch {
				case r.URL.Path == "/index.yaml":
					_, _ = w.Write(good)
				case asked <= tt.n+1:
					tt.fault(w, r)
				default:
					_, _ = w.Write(tgz)
				}
			}))
			defer s.Close()
			_, _, err := Pull(t.Context(), Repository{URL: s.URL}, "redis", "", registry.Access{Pause: time.Nanosecond}, nil)
			want := "download " + s.URL + "/redis-1.0.0.tgz: " + tt.want
			if (err == nil) != (tt.want == "") || err != nil && err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if asked != tt.asked {
				t.Errorf("%d requests, want %d", asked, tt.asked)
			}
		})
	}
}

func half(tgz []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(tgz)))
		_, _ = w.Write(tgz[:len(tgz)/2])
	}
}

// TestCompressed reads an index that comes compressed, and an archive that a
// server calls compressed and that must stay one.
func TestCompressed(t *testing.T) {
	tgz := charttest.Archive(t, "redis", "1.0.0")
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		if r.URL.Path != "/index.json/index.yaml" {
			_, _ = w.Write(tgz)
			return
		}
		zipped := gzip.NewWriter(w)
		_ = json.NewEncoder(zipped).Encode(map[string]any{"apiVersion": "v1", "entries": map[string]any{
			"redis": []any{map[string]any{"name": "redis", "version": "1.0.0", "urls": []string{"../redis-1.0.0.tgz"}}},
		}})
		_ = zipped.Close()
	}))
	defer s.Close()
	got, entry, err := Pull(t.Context(), Repository{URL: s.URL + "/index.json"}, "redis", "", quick, nil)
	if err != nil || string(got) != string(tgz) || entry.Version != "1.0.0" {
		t.Errorf("%d bytes, %+v, %v", len(got), entry, err)
	}
}

// TestIndexLeadsToRegistry follows an index that keeps its charts in an OCI registry.
func TestIndexLeadsToRegistry(t *testing.T) {
	s, tgz := registrytest.New(t), charttest.Archive(t, "cart", "1.0.0")
	if _, err := oci.Push(t.Context(), s.Ref("shop/charts"), tgz, oci.PushOptions{Access: quick}); err != nil {
		t.Fatal(err)
	}
	web := charttest.NewRepository(t)
	web.Files["/repo/index.yaml"] = fmt.Appendf(nil, "apiVersion: v1\nentries:\n  cart:\n  - {name: cart, version: 1.0.0, urls: [%q]}\n", s.Ref("shop/charts/cart:1.0.0"))
	got, _, err := Pull(t.Context(), Repository{URL: web.URL + "/repo"}, "cart", "", quick, nil)
	if err != nil || string(got) != string(tgz) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// FuzzParseIndex holds the cutting of an index against parsing all of it: where
// both understand it, they find the same versions.
func FuzzParseIndex(f *testing.F) {
	asJSON, err := yaml.YAMLToJSON([]byte(smallIndex))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(smallIndex))
	f.Add(asJSON)
	f.Add([]byte("apiVersion: v1\nentries:\n  a: []\n  redis:\n    - name: redis\n      version: 1.0.0\n"))
	f.Add([]byte("entries:\n redis:\n - &a {name: redis, version: 1.0.0}\n - *a\napiVersion: v1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		names := []string{"redis"}
		got, err := parseIndex(data, names)
		if err != nil {
			return
		}
		if _, err := got.Pick("redis", ""); err == nil && len(got.entries["redis"]) == 0 {
			t.Error("a version was picked where there is none")
		}
		raw, _, err := yamlIndex(data, names)
		if err == nil && len(raw["redis"]) != len(got.entries["redis"])+len(got.Skipped) {
			t.Errorf("%d entries, %d in the whole", len(got.entries["redis"])+len(got.Skipped), len(raw["redis"]))
		}
	})
}
