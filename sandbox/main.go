// Command pintle-sandbox is a Kubernetes cluster to try things on: a real control plane, a simulated node and an OCI
// registry in one process on loopback. `pintle sandbox` runs it.
package main

import "os"

func main() { os.Exit(Main(os.Args[1:])) }
