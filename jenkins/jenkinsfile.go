// Package jenkins is what Jenkins gets from Pintle: the Jenkinsfile that `pintle
// init` writes. It refuses to know a project: pipeline/config fills the template in.
package jenkins

import _ "embed"

//go:embed Jenkinsfile.tmpl
var jenkinsfile string

// Jenkinsfile returns the template (text/template) of a declarative pipeline. Its
// functions and its data are those of pipeline/config's Scaffold.
func Jenkinsfile() string { return jenkinsfile }
