package config

import (
	_ "embed"
	"slices"
)

// SchemaURL is where the schema of pintle.yaml is published, for editors.
const SchemaURL = "https://raw.githubusercontent.com/pintle-ci/pintle/main/pipeline/config/schema.json"

//go:generate go test -run TestSchema -update .

//go:embed schema.json
var schema []byte

// Schema returns the JSON schema (draft 2020-12) of pintle.yaml. It refuses
// unknown keys and wrong types; what depends on other values or on files only
// Load can tell.
func Schema() []byte { return slices.Clone(schema) }
