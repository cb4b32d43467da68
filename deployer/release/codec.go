package release

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"

	"github.com/pintle-ci/pintle/internal/gzipped"
)

// MaxDecoded bounds what one record may unpack to. A stored object is at most 1 MiB, so only a bomb gets past it.
const MaxDecoded = 256 << 20

// largeRecord is from where on the bytes of a compressed record count, on its way to 1 MiB, more than the time that
// compressing it takes.
const largeRecord = 256 << 10

// Encode turns a record into the text that a stored object holds: JSON, gzip, base64 (facts/helm-format.md 4.1).
func Encode(r *Record) (string, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("encode revision %d of %s: %w", r.Version, r.Name, err)
	}
	var buf bytes.Buffer
	write := func(zip io.Writer) error { _, err := zip.Write(data); return err }
	if err := gzipped.To(&buf, write); err != nil {
		return "", err
	}
	if buf.Len() > largeRecord {
		buf.Reset()
		if err := gzipped.Tightly(&buf, write); err != nil {
			return "", err
		}
	}
	return base64.StdEncoding.EncodeToString(buf.Bytes()), nil
}

// Decode is the reverse of Encode; records of old Helm versions that are not compressed are read too.
func Decode(text string) (*Record, error) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("a release record is not base64: %w", err)
	}
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b, 0x08}) {
		if data, err = gunzip(data); err != nil {
			return nil, fmt.Errorf("a release record does not unpack: %w", err)
		}
	}
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("a release record is not JSON: %w", err)
	}
	if r.Info == nil {
		r.Info = &Info{Status: Unknown}
	}
	return &r, nil
}

func gunzip(data []byte) ([]byte, error) {
	zip, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(zip, MaxDecoded+1))
	if err == nil && len(out) > MaxDecoded {
		err = fmt.Errorf("larger than %d bytes", MaxDecoded)
	}
	return out, err
}
