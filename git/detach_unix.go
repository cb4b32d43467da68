//go:build unix

package git

import (
	"os/exec"
	"syscall"
)

// detach gives git a session of its own: without a terminal, ssh and gpg cannot ask, and what git starts ends with it.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
}
