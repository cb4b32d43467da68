//go:build !linux

package main

import "syscall"

// dieWithParent can do nothing on this system: a command outlives a killed sandbox.
func dieWithParent() *syscall.SysProcAttr { return nil }
