package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/dependency"
	"github.com/pintle-ci/pintle/chart/oci"
	"github.com/pintle-ci/pintle/internal/answers"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/registry"
)

// LoadChart loads a folder, an archive, or a chart of a registry (oci://).
func LoadChart(ctx context.Context, e Env, ref, version string) (*chart.Chart, error) {
	if !strings.HasPrefix(ref, registry.Scheme) {
		return LoadLocal(ctx, ref)
	}
	archive, pulled, err := oci.Pull(ctx, ref, oci.PullOptions{Access: RegistryAccess(e, nil), Version: version})
	if err != nil {
		return nil, WithCode(RegistryCode(err), err)
	}
	c, err := chart.LoadArchive(ctx, strings.NewReader(string(archive)))
	if err != nil {
		return nil, WithCode(exitcode.Failed, fmt.Errorf("%s: %w", ref, err))
	}
	if text := pulled.Odd(c); text != "" {
		e.Log.Warn(text)
	}
	return c, nil
}

// LoadLocal loads a folder or an archive. A path that does not exist is a fault of the call.
func LoadLocal(ctx context.Context, path string) (*chart.Chart, error) {
	c, err := chart.Load(ctx, path)
	if err == nil {
		return c, nil
	}
	code := CodeAt(path)
	if code == exitcode.Usage {
		err = hintRemote(err, path)
	}
	return nil, WithCode(code, hintPath(err, path))
}

// CodeAt is the exit code for a failure with what is at the paths: that of a wrong call if nothing is at one of them.
func CodeAt(paths ...string) int {
	for _, path := range paths {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return exitcode.Usage
		}
	}
	return exitcode.Failed
}

// RegistryCode is the exit code for what a registry says: that of a wrong call if there is no such chart or version, or
// cannot be.
func RegistryCode(err error) int {
	if errors.Is(err, registry.ErrNotFound) || errors.Is(err, registry.ErrInvalid) {
		return exitcode.Usage
	}
	return exitcode.Failed
}

// hintRemote tells who means a chart of a repository how to get it.
func hintRemote(err error, ref string) error {
	repository, name, parts := strings.Cut(ref, "/")
	switch {
	case strings.HasPrefix(ref, "http://"), strings.HasPrefix(ref, "https://"):
		return &hintedError{err, "a chart is a folder, an archive or oci://HOST/PATH/NAME: download this one first, by its name with \"pintle chart pull NAME --repo URL\""}
	case parts && plainName.MatchString(repository) && plainName.MatchString(name) && !IsFolder(repository):
		return &hintedError{err, fmt.Sprintf("a chart of Helm's repository %s comes with \"pintle chart pull %s --repo @%[1]s\"", repository, name)}
	}
	return err
}

var plainName = lazyregexp.New(`^[a-z0-9][a-z0-9-]*$`)

// RegistryAccess is how registries are asked, by what the environment and the flags say; c may be nil.
func RegistryAccess(e Env, c *urfave.Context) registry.Access {
	return registry.Access{
		Getenv: e.Getenv, UserAgent: "pintle/" + Version(), PlainHTTP: c != nil && c.Bool("plain-http"), Memory: answers.NewMemory(),
	}
}

// LoadTemplated loads the chart to render. With --dependency-update it fetches what charts/ lacks, as Helm does; what
// that says goes to stderr, because stdout is for manifests.
func LoadTemplated(e Env, c *urfave.Context, ref string) (*chart.Chart, error) {
	loaded, err := LoadChart(c.Context, e, ref, c.String("version"))
	if err != nil {
		return nil, err
	}
	if !c.Bool("dependency-update") || len(loaded.MissingDependencies()) == 0 || !IsFolder(ref) {
		return loaded, nil
	}
	o, err := DependencyOptions(e, c)
	if err != nil {
		return nil, err
	}
	result, err := dependency.Update(c.Context, ref, o)
	if err != nil {
		return nil, WithCode(exitcode.Failed, err)
	}
	beside := e
	beside.StdoutText = e.StderrText
	if err := PrintDependencies(beside, result); err != nil {
		return nil, err
	}
	return LoadChart(c.Context, e, ref, c.String("version"))
}

// IsFolder reports whether a folder is at path.
func IsFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// DependencyOptions are those of every command that fetches dependencies.
func DependencyOptions(e Env, c *urfave.Context) (dependency.Options, error) {
	mtime, err := SourceDate(e)
	generated := mtime
	if generated.IsZero() {
		generated = time.Now()
	}
	return dependency.Options{
		Access: RegistryAccess(e, c), Time: mtime, Generated: generated, Warn: func(text string) { e.Log.Warn(text) },
	}, err
}

// PrintDependencies prints what was fetched, and on stderr what else has changed.
func PrintDependencies(e Env, result dependency.Result) error {
	for _, f := range result.Fetched {
		text := f.Name + " " + f.Version + ": "
		if f.File == "" {
			text += "is in charts/"
		} else {
			text += "charts/" + f.File
		}
		if _, err := fmt.Fprintln(e.StdoutText, text); err != nil {
			return err
		}
	}
	for _, file := range result.Removed {
		fmt.Fprintln(e.StderrText, "removed charts/"+file)
	}
	if result.Lock != "" {
		fmt.Fprintln(e.StderrText, "wrote "+result.Lock)
	}
	return nil
}

// SourceDate is $SOURCE_DATE_EPOCH (reproducible-builds.org), the zero time without it.
func SourceDate(e Env) (time.Time, error) {
	text := e.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, Usagef("$SOURCE_DATE_EPOCH is %q: write seconds since 1970", text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// hintPath adds to the failure to load a chart where one may be.
func hintPath(err error, path string) error {
	switch {
	case errors.Is(err, chart.ErrNoChartFile):
		if found := chartsBelow(path); len(found) > 0 {
			return &hintedError{err, "a chart is in " + strings.Join(found, ", ")}
		}
	case errors.Is(err, fs.ErrNotExist):
		var names []string
		entries, _ := os.ReadDir(filepath.Dir(path)) // a folder that cannot be read has no names to suggest
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if nearest := config.Nearest(filepath.Base(path), names); nearest != "" {
			return &hintedError{err, fmt.Sprintf("did you mean %s?", filepath.Join(filepath.Dir(path), nearest))}
		}
	}
	return err
}

// chartsBelow finds a few folders with a Chart.yaml, not deep and not in charts/.
func chartsBelow(root string) []string {
	var found []string
	visited := 0
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error { // what cannot be read has nothing to suggest
		if visited++; err != nil || visited > 2000 || len(found) == 3 {
			return fs.SkipAll
		}
		depth := strings.Count(strings.TrimPrefix(path, filepath.Clean(root)), string(filepath.Separator))
		switch {
		case d.IsDir() && path != root && (depth > 4 || d.Name() == "charts" || strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case d.Name() == "Chart.yaml":
			found = append(found, filepath.Dir(path))
		}
		return nil
	})
	return found
}
