package jenkins_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// outputs are what `pintle init` writes for repositories of several kinds, which
// a test of pipeline/config holds. A line "== PATH" begins each file.
const outputs = "../pipeline/config/testdata/init/*.out"

// written returns the Jenkinsfile of an output, or false where none was written.
func written(output string) (string, bool) {
	_, text, ok := strings.Cut(output, "== Jenkinsfile\n")
	text, _, _ = strings.Cut(text, "\n== ")
	return text, ok
}

// TestJenkinsfileIsGroovy compiles every Jenkinsfile with the Groovy that Jenkins runs.
func TestJenkinsfileIsGroovy(t *testing.T) {
	groovy, err := exec.LookPath("groovy")
	if err != nil {
		t.Skip("no groovy on PATH: Debian's package groovy has it")
	}
	dir := t.TempDir()
	script := "args.each { new GroovyShell().parse(new File(it)) }; println 'parsed ' + args.size()"
	arguments := []string{"-e", script}
	found, _ := filepath.Glob(outputs)
	for _, name := range found {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text, ok := written(string(data))
		if !ok {
			continue // the repository had one
		}
		file := filepath.Join(dir, strings.TrimSuffix(filepath.Base(name), ".out")+".groovy")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, file)
	}
	written := len(arguments) - 2
	if written < 4 {
		t.Fatalf("%d of %d outputs have a Jenkinsfile", written, len(found))
	}
	command := exec.CommandContext(t.Context(), groovy, arguments...)
	command.Env = append(os.Environ(), javaHome(t)...)
	out, err := command.CombinedOutput()
	if err != nil || !strings.Contains(string(out), fmt.Sprintf("parsed %d", written)) {
		t.Errorf("%v\n%s", err, out)
	}
}

// javaHome finds the Java that is on PATH, where the groovy script cannot.
func javaHome(t *testing.T) []string {
	t.Helper()
	java, err := exec.LookPath("java")
	if err != nil || os.Getenv("JAVA_HOME") != "" {
		return nil
	}
	if java, err = filepath.EvalSymlinks(java); err != nil {
		t.Fatal(err)
	}
	return []string{"JAVA_HOME=" + filepath.Dir(filepath.Dir(java))}
}
