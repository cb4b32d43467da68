package cli

import (
	"runtime/debug"
	"strings"
)

// Version is the version that the Go toolchain stamped into the binary, without its "v"; a build outside of git says
// so.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	setting := make(map[string]string, len(info.Settings))
	for _, s := range info.Settings {
		setting[s.Key] = s.Value
	}
	version := strings.TrimPrefix(info.Main.Version, "v")
	if version == "" || version == "(devel)" {
		version = "0.0.0-dev"
	}
	if rev := setting["vcs.revision"]; len(rev) >= 8 && !strings.Contains(version, rev[:8]) {
		version += " (" + rev[:8] + ")"
	}
	return version
}
