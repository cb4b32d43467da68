//go:build unix

package project

import (
	"errors"
	"os"
	"syscall"
)

// lock takes a file for this process alone; the kernel gives it back when the process ends, however it ends. Where a
// file system knows no locks, there is none.
func lock(file *os.File) error {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errLocked
	}
	return nil
}
