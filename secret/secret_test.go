package secret_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/secret"
)

func TestText(t *testing.T) {
	const pem = "-----BEGIN KEY-----\nMIIEvQIBADANBg\n}\n-----END KEY-----\n"
	tests := []struct {
		name    string
		secrets []string
		in      string
		want    string
	}{
		{"none known", nil, "hunter22", "hunter22"},
		{"plain", []string{"hunter22"}, "password hunter22, again hunter22.", "password ***, again ***."},
		{"a switch", []string{"yes", ""}, "password=yes and yes", "password=yes and yes"},
		{"longest wins", []string{"passwd", "passwd-long"}, "passwd-long passwd", "*** ***"},
		{"trailing newline of a file", []string{"hunter22\n"}, "x=hunter22;", "x=***;"},
		{"spaces around it", []string{" hunter22 "}, "is hunter22!", "is ***!"},
		{"one line of many", []string{pem}, "log: MIIEvQIBADANBg }", "log: *** }"},
		{"many lines as one", []string{"correct\nhorse\nbattery"}, "correct horse battery", "***"},
		{"short, as a value", []string{"root"}, `DB_PASSWORD=root {"dbPassword": "root"} password: root`, `DB_PASSWORD=*** {"dbPassword": "***"} password: ***`},
		{"short, in quotes", []string{"a b"}, `password: "a b" pwd='a b' {\"token\":\"a b\"} x="a b"`, `password: "***" pwd='***' {\"token\":\"***\"} x="a b"`},
		{"split by an escape sequence", []string{"hunter22"}, "hun\x1b[0mter22 hunte\u202er22", "*** ***"},
		{"short, elsewhere", []string{"root"}, "the root of user=root", "the root of user=root"},
		{"a URL", nil, "cannot reach postgres://app:s3/cr@x and amqp://u:s3cr3t@mq/v", "cannot reach postgres://app:s3/cr@x and amqp://u:***@mq/v"},
		{"an image", nil, "docker-pullable://nginx:1.27@sha256:abc", "docker-pullable://nginx:1.27@sha256:abc"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := secret.NewSet(tt.secrets...).Text(tt.in); got != tt.want {
				t.Errorf("Text(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

// Every way in which programs write a string leaves nothing of a secret behind.
func TestForms(t *testing.T) {
	for _, s := range []string{"hunter22-hunter22", `p@ss/w:o"r'd&<x>+ \n$`, "grüße-an-alle", "a b?c=d#e%f", "first line\nsecond 'line'"} {
		inJSON, _ := json.Marshal(s)
		twice, _ := json.Marshal(string(inJSON))
		inYAML, _ := yaml.Marshal(map[string]string{"k": s})
		var inXML strings.Builder
		if err := xml.EscapeText(&inXML, []byte(s)); err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{
			"plain": s, "JSON": string(inJSON), "JSON in JSON": string(twice), "Go": fmt.Sprintf("%q", s), "ASCII": fmt.Sprintf("%+q", s), "YAML": string(inYAML),
			"query": url.QueryEscape(s), "path": url.PathEscape(s), "user": url.UserPassword("u", s).String(), "lower": strings.ToLower(url.QueryEscape("  " + strings.ToLower(s))),
			"HTML": html.EscapeString(s), "XML": inXML.String(), "shell": strings.ReplaceAll(s, "'", `'\''`),
		}
		for before := range 4 {
			long := []byte(strings.Repeat("x", before) + s + "yz")
			texts[fmt.Sprint("Base64 after ", before)] = base64.StdEncoding.EncodeToString(long)
			texts[fmt.Sprint("Base64 of URLs after ", before)] = base64.RawURLEncoding.EncodeToString(long)
		}
		set := secret.NewSet(s, strings.ToLower(s))
		for form, text := range texts {
			got := set.Text("<" + text + ">")
			if !strings.Contains(got, secret.Mark) {
				t.Errorf("%q as %s shows: %s", s, form, got)
			}
			if strings.HasPrefix(form, "Base64") && len(got) > len("<***>")+10 {
				t.Errorf("%q as %s: too much is left: %s", s, form, got)
			}
		}
	}
}

func TestPromised(t *testing.T) {
	yes := []string{
		"password", "dbPassword", "DB_PASSWORD", "db-passwd", "rootPassphrase", "pwd", "userPwd", "clientSecret", "client_secret", "OIDC_CLIENT_SECRET", "secret",
		"accessKey", "AWS_SECRET_ACCESS_KEY", "secretKey", "apiKey", "APIKEY", "api-keys", "privateKey", "token", "authToken", "tokens", "passwords", "credentials",
		"connectionString", "dsn", "SENTRY_DSN", "smtp_pass", "password2", "tls.key", ".dockerconfigjson", "signingKey", "secrets",
	}
	no := []string{
		"existingSecret", "secretName", "passwordKey", "imagePullSecrets", "pullSecret", "secretRef", "secretKeyRef", "existingSecretPasswordKey", "passwordFile",
		"tokenSecretKey", "usePasswordFiles", "automountServiceAccountToken", "tlsSecret", "accessKeyId", "passwordPolicy", "tokenTTL", "maxTokens", "key", "bypass",
		"compass", "name", "", "...", "tokenizer", "secretary", "createSecret", "existingSecretKey", "keyboard", "passwordSecret",
	}
	for _, key := range yes {
		if !secret.Promised(key) {
			t.Errorf("%s promises no secret", key)
		}
	}
	for _, key := range no {
		if secret.Promised(key) {
			t.Errorf("%s promises a secret", key)
		}
	}
}

func TestAddValues(t *testing.T) {
	const values = `
db: {password: plain-one, pin: 4711, user: somebody}
clientSecret: plain-two
accessKey: 123456789
apiTokens: [plain-three, plain-four]
users: [{name: a, password: plain-five}]
env: [{name: DB_PASSWORD, value: plain-six}, {name: LOG_LEVEL, value: warning}]
secrets: {WEBHOOK: plain-seven, name: the-secret, nested: {KEY_A: plain-eight}}
url: postgres://app:plain%2Dnine@db:5432/app
conn: "Server=db;User Id=app;Password=plain-ten;Timeout=30"
args: ["--admin-token=plain-eleven", "--password=$(DB_PASSWORD)", "--verbose=2222222"]
file: |
  level: warning
  password: plain-twelve
tls: {secret: tls-of-web}
existingSecret: kept-name
imagePullSecrets: [{name: registry-login}]
usePassword: true
note: "the token: expired"
`
	var tree map[string]any
	if err := yaml.Unmarshal([]byte(values), &tree); err != nil {
		t.Fatal(err)
	}
	var s secret.Set
	s.AddValues(tree)
	masked := "plain-one plain-two 123456789 plain-three plain-four plain-five plain-six plain-seven plain-eight plain%2Dnine plain-nine plain-ten plain-eleven plain-twelve"
	for word := range strings.FieldsSeq(masked) {
		if got := s.Text("x " + word + " y"); got != "x *** y" {
			t.Errorf("%s: %s", word, got)
		}
	}
	const kept = "somebody warning the-secret tls-of-web kept-name registry-login 2222222 expired (DB_PASSWORD) 5432 true"
	if diff := cmp.Diff(kept, s.Text(kept)); diff != "" {
		t.Error(diff)
	}
}

func TestValue(t *testing.T) {
	const object = `
data: {password: unknown, plain: text, url: "redis://:unknown@r"}
spec:
  imagePullSecrets: [{name: login}]
  automountServiceAccountToken: false
  volumes: [{name: v, secret: {secretName: web}}]
  containers:
  - args: [--token=unknown, -v]
    env: [{name: API_TOKEN, value: unknown}, {name: LEVEL, value: warn}, {name: B_TOKEN, valueFrom: {secretKeyRef: {name: web, key: token}}}]
`
	const want = `
data: {password: "***", plain: text, url: "redis://:***@r"}
spec:
  imagePullSecrets: [{name: login}]
  automountServiceAccountToken: false
  volumes: [{name: v, secret: {secretName: web}}]
  containers:
  - args: [--token=***, -v]
    env: [{name: API_TOKEN, value: "***"}, {name: LEVEL, value: warn}, {name: B_TOKEN, valueFrom: {secretKeyRef: {name: web, key: token}}}]
`
	var in, out map[string]any
	if err := yaml.Unmarshal([]byte(object), &in); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal([]byte(want), &out); err != nil {
		t.Fatal(err)
	}
	var s *secret.Set
	if diff := cmp.Diff(any(out), s.Value(in)); diff != "" {
		t.Error(diff)
	}
}

func TestChildLearnsWithItsParent(t *testing.T) {
	parent := secret.NewSet()
	child := parent.Child()
	child.Add("child-only")
	parent.Add("of-parent") // after the child was made
	if got := child.Text("child-only of-parent"); got != "*** ***" {
		t.Error(got)
	}
	if got := parent.Text("child-only of-parent"); got != "child-only ***" {
		t.Error(got)
	}
}

func BenchmarkText(b *testing.B) {
	var s secret.Set
	for i := range 200 {
		s.Add(fmt.Sprintf("secret-number-%d-%x", i, i*7919))
	}
	text := strings.Repeat("2026-11-29T18:00:00Z INFO handled GET /api/v1/things in 12ms key=value\n", 1000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		s.Text(text)
	}
}

func BenchmarkForms(b *testing.B) {
	for b.Loop() {
		var s secret.Set
		for i := range 200 {
			s.Add(fmt.Sprintf("secret-number-%d-%x", i, i*7919))
		}
		s.Text("x")
	}
}

// TestPartOfASecret: a part of a secret that looks like a short one is masked with the whole.
func TestPartOfASecret(t *testing.T) {
	var s secret.Set
	s.AddValues(map[string]any{"adminPassword": "Zebra-Quagga-77;pw=ab", "pw": "ab"})
	if got := s.Text("had Zebra-Quagga-77;pw=ab and pw=ab"); strings.Contains(got, "Zebra") || strings.Contains(got, "pw=ab") {
		t.Errorf("got %q", got)
	}
}

// TestFormsOfTools: what base64, xxd and a second round of Base64 print.
func TestFormsOfTools(t *testing.T) {
	long := "Plant-" + strings.Repeat("abcdefghij", 10)
	var s secret.Set
	s.Add("Plantd-admin/pass+04", long)
	encoded := base64.StdEncoding.EncodeToString([]byte(long))
	for _, shown := range []string{
		hex.EncodeToString([]byte("Plantd-admin/pass+04")), strings.ToUpper(hex.EncodeToString([]byte("Plantd-admin/pass+04"))),
		base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte("Plantd-admin/pass+04")))),
		encoded[:76], encoded[76:], encoded[:64], encoded[64:128],
	} {
		if got := s.Text("had " + shown + "."); got != "had ***." {
			t.Errorf("%s: %s", shown, got)
		}
	}
}

// TestValuesBelowASecretKey: some charts wrap each variable in a map.
func TestValuesBelowASecretKey(t *testing.T) {
	var s secret.Set
	s.AddValues(map[string]any{"env": map[string]any{"DB_PASSWORD": map[string]any{"value": "Plant-value-1"}, "HOST": map[string]any{"value": "db.example"}}})
	if got := s.Text("Plant-value-1 db.example"); got != "*** db.example" {
		t.Errorf("got %q", got)
	}
}
