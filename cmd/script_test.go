package cmd_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/cmd"
	"github.com/pintle-ci/pintle/deployer/kube"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"pintle": func() { os.Exit(cmd.Main(os.Args)) },
	})
}

// TestScripts is the contract of the command line: what a user types, what it prints, how it exits. Scripts with
// "[!cluster] skip" need the sandbox, in which "make test" runs them.
func TestScripts(t *testing.T) { testscript.Run(t, scripts("testdata")) }

// TestAttack holds what docs/security.md promises against repositories, charts, registries and clusters that mean harm,
// a script a promise.
func TestAttack(t *testing.T) { testscript.Run(t, scripts("testdata/attack")) }

// scripts are the scripts of a folder, with the commands that they have besides those of testscript.
func scripts(dir string) testscript.Params {
	return testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			for k, v := range map[string]string{
				"HOME": e.WorkDir, "XDG_CONFIG_HOME": e.WorkDir, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
				"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.com",
				"GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z", "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z",
				"KUBECONFIG": os.Getenv("KUBECONFIG"), "REGISTRY": os.Getenv("PINTLE_SANDBOX_REGISTRY"),
				"PINTLE_SANDBOX_REGISTRY": os.Getenv("PINTLE_SANDBOX_REGISTRY"), "PINTLE_SANDBOX_HOME": os.Getenv("PINTLE_SANDBOX_HOME"),
				"PINTLE_SANDBOX": os.Getenv("PINTLE_SANDBOX"),
				"ESC":            "\x1b", "CR": "\r", "LF": "\n", "RLO": "\u202e", // what no branch and no terminal should meet
				"NS": "script-" + strings.ToLower(rand.Text()[:10]),
			} {
				e.Setenv(k, v)
			}
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name == "cluster" {
				return os.Getenv("PINTLE_SANDBOX_REGISTRY") != "", nil
			}
			return false, errors.New("unknown condition")
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits, "fill": fill, "appendto": appendTo, "apply": apply, "serve": serve, "host": host, "registry": registryServer, "eavesdrop": eavesdrop,
			"corrupt": corrupt, "lengthen": lengthen, "head-is": headIs, "setenv": setenv, "hides": hides, "keeps-secret": keepsSecret, "account": account,
		},
	}
}

// exits CODE COMMAND... runs a command that must end with the exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// serve NAME STATUS [BODY] starts a server, sets NAME to its host and port, and
// ends it with the script. To a question about its version it says 200, else
// that it has nothing; what is written to it meets the status and the body. With
// 401 or 403 everything does.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: serve NAME STATUS [BODY]")
	}
	status, err := strconv.Atoi(args[1])
	ts.Check(err)
	denies := status == http.StatusUnauthorized || status == http.StatusForbidden
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		w.Header().Set("Content-Type", "application/json")
		switch {
		case reads && !denies && r.URL.Path == "/v2/":
		case reads && !denies:
			w.WriteHeader(http.StatusNotFound)
		default:
			w.WriteHeader(status)
			_, _ = io.WriteString(w, strings.Join(args[2:], " "))
		}
	}))
	ts.Defer(server.Close)
	ts.Setenv(args[0], strings.TrimPrefix(server.URL, "http://"))
}

// host NAME DIR serves a folder over HTTP and sets NAME to its URL.
func host(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: host NAME DIR")
	}
	server := httptest.NewServer(http.FileServer(http.Dir(ts.MkAbs(args[1]))))
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
}

// fill FILE... replaces ${NAME} in files by the environment's values.
func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: fill FILE...")
	}
	for _, name := range args {
		path := ts.MkAbs(name)
		data, err := os.ReadFile(path)
		ts.Check(err)
		ts.Check(os.WriteFile(path, []byte(os.Expand(string(data), ts.Getenv)), 0o644))
	}
}

// appendto FILE LINE adds a line to a file.
func appendTo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: appendto FILE LINE")
	}
	file, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_WRONLY, 0)
	ts.Check(err)
	_, err = file.WriteString(args[1] + "\n")
	ts.Check(errors.Join(err, file.Close()))
}

// apply MANAGER FILE applies a manifest in $NS as somebody else would.
func apply(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: apply MANAGER FILE")
	}
	var object unstructured.Unstructured
	ts.Check(yaml.Unmarshal([]byte(ts.ReadFile(args[1])), &object.Object))
	object.SetNamespace(ts.Getenv("NS"))
	client, err := kube.Connect(kube.Config{Kubeconfig: ts.Getenv("KUBECONFIG")})
	ts.Check(err)
	_, err = client.Apply(context.Background(), &object, kube.ApplyOptions{Manager: args[0], Force: true})
	ts.Check(err)
}

// hides TEXT... fails where the last command has shown a text, or where a run has written it into its reports.
func hides(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: hides TEXT...")
	}
	shown := map[string]string{"stdout": ts.ReadFile("stdout"), "stderr": ts.ReadFile("stderr")}
	_ = filepath.WalkDir(ts.MkAbs("build"), func(name string, e fs.DirEntry, err error) error { // there need not be one
		if err == nil && e.Type().IsRegular() {
			shown[name] = ts.ReadFile(name)
		}
		return nil
	})
	for name, text := range shown {
		for _, secret := range args {
			if strings.Contains(text, secret) {
				ts.Fatalf("%s shows %q", name, secret)
			}
		}
	}
}
