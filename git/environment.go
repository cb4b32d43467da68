package git

import (
	"path/filepath"
	"slices"
	"strings"
)

// foreign are the variables that would make git work on another repository than
// the one it is told, read arguments otherwise, or ask somebody.
var foreign = []string{
	"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
	"GIT_NAMESPACE", "GIT_PREFIX", "GIT_CEILING_DIRECTORIES", "GIT_SHALLOW_FILE", "GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS",
	"GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_EXTERNAL_DIFF", "GIT_EDITOR", "LC_ALL", "GIT_TERMINAL_PROMPT",
}

// Environment is an environment, as os.Environ gives it, in which git answers for
// the folder that it is told, in English, and never asks.
func Environment(environ []string) []string {
	return append(without(environ, foreign...), "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_EDITOR=:", "GCM_INTERACTIVE=never")
}

// ReadOnly adds that git takes no lock and fetches nothing (GIT_NO_LAZY_FETCH is
// known from 2.45 on, and harmless before).
func ReadOnly(environ []string) []string {
	return append(slices.Clone(environ), "GIT_OPTIONAL_LOCKS=0", "GIT_NO_LAZY_FETCH=1")
}

// Quiet adds that ssh asks for nothing, neither a password nor whether a host is
// known; sshSet says that the repository's settings name an ssh command. What
// answers by itself stays, as the GIT_ASKPASS of Jenkins' credentials binding does.
func Quiet(environ []string, sshSet bool) []string {
	env := slices.Clone(environ)
	command := Lookup(env, "GIT_SSH_COMMAND")
	first, _, _ := strings.Cut(command, " ")
	switch {
	case filepath.Base(first) == "ssh":
		env = append(env, "GIT_SSH_COMMAND="+command+" -oBatchMode=yes")
	case command == "" && Lookup(env, "GIT_SSH") == "" && !sshSet:
		env = append(env, "GIT_SSH_COMMAND=ssh -oBatchMode=yes -oConnectTimeout=20")
	}
	if Lookup(env, "SSH_ASKPASS") == "" {
		env = append(env, "SSH_ASKPASS_REQUIRE=never")
	}
	return env
}

// Lookup is the value of a variable; of several the last counts.
func Lookup(environ []string, name string) string {
	for _, entry := range slices.Backward(environ) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

func without(environ []string, names ...string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(names, name)
	})
}
