// Package pipeline turns a pintle.yaml into work: the steps of a service, the
// graph of services, and the runner that takes one through the other.
//
//	check    version -> bump -> lint -> package          every unit, side by side
//	release  push -> plan -> deploy -> test              along needs, dependants after what they need
//
// Nothing is published or deployed unless every unit has passed its check
// steps, so a broken chart never leaves a run half done. The package refuses to
// print, to parse flags and to know how a cluster or a registry is spoken to:
// the domain packages do the work, events tell about it.
package pipeline
