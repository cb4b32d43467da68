// Command pintle takes a repository of microservices from git tags to running releases on Kubernetes.
package main

import (
	"os"

	"github.com/pintle-ci/pintle/cmd"
)

func main() { os.Exit(cmd.Main(os.Args)) }
