package cmd

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/pintle-ci/pintle/cmd/cli"
	urfave "github.com/urfave/cli/v2"
)

// sandboxBinary is a program of its own: it links a whole Kubernetes control plane, which must not weigh on every
// pipeline step.
const sandboxBinary = "pintle-sandbox"

func sandboxCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name:            "sandbox",
		Usage:           "a real Kubernetes control plane and an OCI registry on this machine, to try things on",
		ArgsUsage:       "up|down|status|run|image ...",
		SkipFlagParsing: true,
		Action: func(c *urfave.Context) error {
			path, err := findSandbox(e.Getenv)
			if err != nil {
				return cli.WithCode(3, err)
			}
			args := append([]string{"pintle sandbox"}, c.Args().Slice()...)
			environ := append(os.Environ(), "PINTLE_SANDBOX="+path)
			// The program takes this process's place, so signals and the exit status are its own.
			if err := syscall.Exec(path, args, environ); err != nil {
				return fmt.Errorf("start the sandbox %s: %w", path, err)
			}
			return nil
		},
	}
}

func findSandbox(getenv func(string) string) (string, error) {
	if path := getenv("PINTLE_SANDBOX"); path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("find the sandbox: $PINTLE_SANDBOX: %w", err)
		}
		return path, nil
	}
	if self, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(self); err == nil {
			self = real
		}
		beside := filepath.Join(filepath.Dir(self), sandboxBinary)
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	path, err := exec.LookPath(sandboxBinary)
	if err != nil {
		return "", errors.New("find the sandbox: no " + sandboxBinary + " beside pintle or on PATH: build it with \"make build\", or name it in $PINTLE_SANDBOX")
	}
	return path, nil
}
