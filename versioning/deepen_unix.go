//go:build unix

package versioning

import (
	"os/exec"
	"syscall"
)

// isolate gives a command no terminal to ask on, and ends its children with it.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
