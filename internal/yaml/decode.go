// Package yaml reads YAML as Helm does: numbers are floats, keys are strings, as a
// JSON decoder makes them. It has a fast decoder for the YAML that nearly all files
// are written in; what that one is not certain of goes to a library. It splits
// streams into documents and shows where a file is no YAML. It refuses documents
// that would take too much memory, knows no chart and opens no file.
package yaml

import (
	"errors"
	"fmt"

	yaml2 "go.yaml.in/yaml/v2"
)

// Bounds of one document.
const (
	MaxBytes = 16 << 20 // of its text
	maxMarks = 1 << 20  // of characters that begin an entry
)

// ErrTooLarge says that a document exceeds a bound of what is decoded.
var ErrTooLarge = errors.New("too large")

// Decode decodes the first YAML 1.1 document of data to maps with string
// keys, lists, strings, bools, nil and float64: every number is a float64,
// because Helm reads values through JSON (facts/helm-format.md 4.13). An empty
// document is nil. Keys that are no strings become strings; keys that are
// maps, lists or null, and the numbers NaN and infinity, are errors. Aliases
// are bounded by the decoder.
func Decode[T string | []byte](data T) (v any, err error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("%w: a YAML document of more than %d MiB", ErrTooLarge, MaxBytes>>20)
	}
	if v, ok := decodePlain(string(data)); ok {
		return v, nil
	}
	return decodeFull([]byte(data))
}

// DecodePlain decodes what Decode does, but only a document in which no
// key stands twice, and not every one of those: ok reports whether it did.
func DecodePlain(data string) (v any, ok bool) {
	if len(data) > MaxBytes {
		return nil, false
	}
	return decodePlain(data)
}

// decodeFull decodes all of YAML.
func decodeFull(data []byte) (v any, err error) {
	defer func() {
		if r := recover(); r != nil {
			v, err = nil, fmt.Errorf("yaml: %v", r)
		}
	}()
	if err := Check(data); err != nil {
		return nil, err
	}
	if err := yaml2.Unmarshal(data, &v); err != nil {
		return nil, err
	}
	return JSONValue(v)
}

// Check refuses a document that the full decoder, whose nodes take up to a
// hundred times the room of their text, would need too much memory for. The
// error is ErrTooLarge.
func Check(data []byte) error {
	if len(data) > MaxBytes {
		return fmt.Errorf("%w: a YAML document of more than %d MiB", ErrTooLarge, MaxBytes>>20)
	}
	if len(data) < maxMarks {
		return nil
	}
	marks := 0
	for _, c := range data {
		switch c {
		case ',', ':', '-', '?', '[', '{', '\n':
			marks++
		}
	}
	if marks > maxMarks {
		return fmt.Errorf("%w: a YAML document of more than %d entries", ErrTooLarge, maxMarks)
	}
	return nil
}
