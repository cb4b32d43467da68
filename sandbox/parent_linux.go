package main

import "syscall"

// dieWithParent makes a child end when this process is killed and cannot end it.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} }
