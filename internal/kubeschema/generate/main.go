// Command generate makes the embedded schemas from Kubernetes releases:
//
//	go run ./generate -o kubernetes.gz v1.35.4 v1.36.3
//
// Each release is fetched as the Go module k8s.io/kubernetes: about 40 MB, which
// stay in the module cache until "go clean -modcache". Field names, types and
// requirements are those of api/openapi-spec/swagger.json. The texts that a field
// may be are not in that document: they are read from the generated Go code that
// a server makes its own document of.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/pintle-ci/pintle/internal/kubeschema"
)

func main() {
	out := flag.String("o", "kubernetes.gz", "the file to write")
	flag.Parse()
	if err := generate(context.Background(), *out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate(ctx context.Context, out string, versions []string) error {
	var all []*kubeschema.Schema
	for _, version := range versions {
		s, err := release(ctx, version)
		if err != nil {
			return fmt.Errorf("%s: %w", version, err)
		}
		all = append(all, s)
	}
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := kubeschema.Encode(zip, all); err != nil {
		return err
	}
	if err := zip.Close(); err != nil {
		return err
	}
	return os.WriteFile(out, packed.Bytes(), 0o644)
}

// release reads the schema of one Kubernetes release.
func release(ctx context.Context, version string) (*kubeschema.Schema, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", "k8s.io/kubernetes@"+version)
	cmd.Stderr = os.Stderr
	answer, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(answer, &module); err != nil {
		return nil, err
	}
	swagger, err := os.ReadFile(filepath.Join(module.Dir, "api", "openapi-spec", "swagger.json"))
	if err != nil {
		return nil, err
	}
	s, err := kubeschema.Parse(swagger)
	if err != nil {
		return nil, err
	}
	code, err := os.ReadFile(filepath.Join(module.Dir, "pkg", "generated", "openapi", "zz_generated.openapi.go"))
	if err != nil {
		return nil, err
	}
	s.Version = strings.Join(strings.Split(strings.TrimPrefix(version, "v"), ".")[:2], ".")
	return s, setEnums(s, string(code))
}

var (
	function = regexp.MustCompile(`^func schema_(\w+)\(`)
	property = regexp.MustCompile(`^\t{5}"([^"]+)": \{$`)
	enum     = regexp.MustCompile(`^\t+Enum: +\[\]interface\{\}\{(.*)\},$`)
	quoted   = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
)

// setEnums reads the enums from generated code, which is formatted by gofmt: a
// function for each definition, a property at the fifth indent.
func setEnums(s *kubeschema.Schema, code string) error {
	definition, field, found := "", "", 0
	for line := range strings.Lines(code) {
		line = strings.TrimSuffix(line, "\n")
		if m := function.FindStringSubmatch(line); m != nil {
			definition, field = definitionName(m[1]), ""
		} else if m := property.FindStringSubmatch(line); m != nil {
			field = m[1]
		} else if m := enum.FindStringSubmatch(line); m != nil {
			var values []string
			for _, text := range quoted.FindAllString(m[1], -1) {
				value, err := strconv.Unquote(text)
				if err != nil {
					return fmt.Errorf("%s.%s: %w", definition, field, err)
				}
				values = append(values, value)
			}
			s.SetEnum(definition, field, values)
			found++
		}
	}
	if found == 0 {
		return fmt.Errorf("the generated code has no enums")
	}
	return nil
}

// definitionName turns k8sio_api_core_v1_Pod into io.k8s.api.core.v1.Pod.
func definitionName(function string) string {
	rest, ok := strings.CutPrefix(function, "k8sio_")
	if !ok {
		return ""
	}
	return "io.k8s." + strings.ReplaceAll(rest, "_", ".")
}
