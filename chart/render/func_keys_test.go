package render_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
)

func renderText(t *testing.T, text string) (string, error) {
	t.Helper()
	c := &chart.Chart{
		Metadata:  &chart.Metadata{APIVersion: "v2", Name: "web", Version: "1.0.0"},
		Templates: []*chart.File{{Name: "templates/a.yaml", Data: []byte(text)}},
	}
	result, err := render.Render(t.Context(), c, nil, render.Options{ReleaseName: "rel", Namespace: "ns"})
	if err != nil {
		return "", err
	}
	out, err := result.TemplateOutput(render.TemplateOptions{})
	return out, err
}

// TestCertificates holds what genCA returns, whose key is made when it is looked at, against what the functions make
// that take a key.
func TestCertificates(t *testing.T) {
	out, err := renderText(t, `
{{- $ca := genCA "ca" 10 }}
{{- $cert := genSignedCert "web" (list "127.0.0.1") (list "web.ns") 10 $ca }}
{{- $again := genSignedCertWithKey "web" nil (list "web.ns") 10 $ca (genPrivateKey "ecdsa") }}
{{- $custom := buildCustomCert ($ca.Cert | b64enc) ($ca.Key | b64enc) }}
{{- $third := genSignedCert "web" nil nil 10 $custom }}
ca: {{ $ca.Cert | quote }}
caKey: {{ $ca.Key | quote }}
cert: {{ $cert.Cert | quote }}
key: {{ $cert.Key | quote }}
third: {{ $third.Cert | quote }}
again: {{ $again.Cert | contains "CERTIFICATE" }}
same: {{ and (eq (toJson $ca) (toJson $custom)) (eq (print $ca) (print $custom)) (eq (printf "%v%s" $ca $ca) (printf "%v%s" $custom $custom)) (eq (toYaml (dict "a" $ca)) (toYaml (dict "a" $custom))) }}
kind: {{ kindOf $ca }} {{ typeOf $ca }} {{ kindOf $cert }} {{ typeOf $cert }}
`)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"again: true", "same: true", "kind: struct sprig.certificate struct sprig.certificate"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	field := func(name string) []byte {
		_, rest, _ := strings.Cut(out, "\n"+name+`: "`)
		value, _, _ := strings.Cut(rest, `"`)
		return []byte(strings.ReplaceAll(value, `\n`, "\n"))
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(field("ca")) {
		t.Fatalf("no certificate: %s", field("ca"))
	}
	for _, name := range []string{"cert", "third"} {
		block, _ := pem.Decode(field(name))
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cert.Verify(x509.VerifyOptions{Roots: roots}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, pair := range [][2]string{{"ca", "caKey"}, {"cert", "key"}} {
		if _, err := tls.X509KeyPair(field(pair[0]), field(pair[1])); err != nil {
			t.Errorf("%s: %v", pair[0], err)
		}
	}
}

func TestCertificateErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{{ genSignedCert "a" nil nil 1 "ca" }}`:                    "must be what genCA or buildCustomCert returns, not string",
		`{{ genSignedCert "a" nil nil 1 nil }}`:                     "must be what genCA or buildCustomCert returns",
		`{{ genSignedCert "a" (list "x") nil 1 (genCA "ca" 1) }}`:   "ip",
		`{{ $ca := genCA "ca" 1 }}{{ fail "enough" }}{{ $ca.Key }}`: "enough",
	} {
		if _, err := renderText(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
