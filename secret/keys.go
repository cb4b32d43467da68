package secret

import (
	"slices"
	"strings"
	"unicode"
)

// The last words of keys that promise a secret. Words are told apart by case and
// by what is no letter: clientSecret, CLIENT_SECRET and client-secret are one.
var promising = [][]string{
	{"password"}, {"passwd"}, {"passphrase"}, {"passcode"}, {"pass"}, {"pwd"}, {"pw"},
	{"secret"}, {"token"}, {"credential"}, {"dsn"}, {"htpasswd"}, {"jwt"}, {"kubeconfig"},
	{"api", "key"}, {"apikey"}, {"access", "key"}, {"accesskey"}, {"secret", "key"}, {"secretkey"},
	{"private", "key"}, {"privatekey"}, {"encryption", "key"}, {"signing", "key"}, {"master", "key"},
	{"shared", "key"}, {"session", "key"}, {"account", "key"}, {"storage", "key"}, {"license", "key"}, {"auth", "key"}, {"hmac", "key"},
	{"connection", "string"}, {"connectionstring"}, {"conn", "str"}, {"webhook", "url"},
	{"dockerconfigjson"}, {"dockercfg"}, {"tls", "key"},
}

// What stands before "secret" or "secrets" where the value is the name of a
// Secret: existingSecret, imagePullSecrets, tlsSecret.
var namesSecret = []string{
	"existing", "pull", "tls", "ssl", "use", "from", "external", "cert", "certs", "certificate", "ca", "create", "mount",
	"password", "credential", "credentials", "ingress", "kubernetes", "k8s", "kube", "name", "named", "ref", "enable", "generate",
}

// What stands before "token" or "tokens" where the value counts some: maxTokens.
var counts = []string{"max", "min", "num", "total", "prompt", "completion", "limit", "input", "output", "count"}

// The first words of switches: usePassword, generateSecret, automountServiceAccountToken.
var switches = []string{"use", "create", "enable", "enabled", "disable", "allow", "auto", "automount", "generate", "has", "is", "require", "required", "existing", "rotate", "skip", "with"}

// Promised reports whether what stands under a key is a secret itself: not a
// Secret's name (existingSecret), nor a key in one (passwordKey), nor a switch.
func Promised(key string) bool {
	words := wordsOf(key)
	if len(words) == 0 || len(words) > 1 && slices.Contains(switches, words[0]) {
		return false
	}
	last := singular(words[len(words)-1])
	if last == "secret" && len(words) > 1 && slices.Contains(namesSecret, words[len(words)-2]) {
		return false
	}
	if last == "token" && len(words) > 1 && slices.Contains(counts, words[len(words)-2]) {
		return false
	}
	if last == "key" && len(words) > 2 && words[len(words)-2] == "secret" && slices.Contains([]string{"token", "password", "existing"}, words[len(words)-3]) {
		return false // tokenSecretKey: which key of a Secret
	}
	words[len(words)-1] = last
	return slices.ContainsFunc(promising, func(end []string) bool {
		return len(words) >= len(end) && slices.Equal(words[len(words)-len(end):], end)
	})
}

// plural reports whether a key names many secrets by other keys: passwords, secrets.
func plural(key string) bool {
	words := wordsOf(key)
	return len(words) > 0 && strings.HasSuffix(words[len(words)-1], "s") && Promised(key)
}

func singular(word string) string {
	if word == "pass" {
		return word
	}
	return strings.TrimSuffix(word, "s")
}

// wordsOf are the words of a key in lower case. Digits at its end count for nothing:
// password2.
func wordsOf(key string) []string {
	var words []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
		}
		word = word[:0]
	}
	runes := []rune(strings.TrimRight(key, "0123456789"))
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end()
			continue
		case unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || unicode.IsDigit(runes[i-1])),
			unicode.IsUpper(r) && i > 0 && i+1 < len(runes) && unicode.IsUpper(runes[i-1]) && unicode.IsLower(runes[i+1]):
			end()
		}
		word = append(word, r)
	}
	end()
	return words
}
