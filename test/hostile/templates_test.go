package hostile_test

import (
	"fmt"
	"strings"

	"github.com/pintle-ci/pintle/test/long"
)

// hostileTemplates are charts with one template that wants too much.
func hostileTemplates() map[string]hostile {
	big := `{{ $s := repeat 16000000 "x" }}`
	loop := `{{ range 1000000000000 }}`
	deep := `{{ $d := dict }}{{ range 4000000 }}{{ $d = dict "a" $d }}{{ end }}`
	self := `{{ $d := dict "k" "v" }}{{ $_ := set $d "a" $d }}`
	tree := `{{ $d := dict "a" 1 }}{{ range 40 }}{{ $d = dict "a" $d "b" $d }}{{ end }}`
	cases := map[string]string{
		"loop over numbers":        loop + `{{ end }}`,
		"loop with text":           loop + `x{{ end }}`,
		"loop, continue":           loop + `{{ continue }}{{ end }}`,
		"nested loops":             `{{ range 100000 }}{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}{{ end }}`,
		"until":                    `{{ range until 1000000000000 }}{{ end }}`,
		"untilStep":                `{{ range untilStep 0 1000000000000 1 }}{{ end }}`,
		"untilStep that overflows": `{{ untilStep -9000000000000000000 9000000000000000000 1 }}`,
		"untilStep down":           `{{ untilStep 9000000000000000000 -9000000000000000000 -1 }}`,
		"seq":                      `{{ seq 1000000000000 }}`,
		"seq of three":             `{{ seq -9000000000000000000 1 9000000000000000000 }}`,
		"repeat":                   `{{ repeat 1000000000000 "x" }}`,
		"indent":                   `{{ indent 1000000000000 "x" }}`,
		"nindent":                  `{{ repeat 4000000 "\n" | nindent 4000000 }}`,
		"printf width":             `{{ printf "%1000000000d" 1 }}`,
		"printf star":              `{{ printf "%*d" 1000000000 1 }}`,
		"printf precision":         `{{ printf "%.1000000000f" 1.0 }}`,
		"random":                   `{{ randAlphaNum 1000000000000 }}`,
		"randBytes":                `{{ randBytes 1000000000000 }}`,
		"wrapWith":                 big + `{{ wrapWith 1 $s (repeat 1000000 "a b") }}`,
		"wrap":                     `{{ wrap 1 (repeat 8000000 "a ") }}`,
		"join":                     big + `{{ join $s (until 1000000) }}`,
		"splitList":                big + `{{ $l := list }}{{ range 100 }}{{ $l = append $l (splitList "" $s) }}{{ end }}`,
		"split":                    big + `{{ $l := list }}{{ range 100 }}{{ $l = append $l (split "" $s) }}{{ end }}`,
		"splitn":                   big + `{{ splitn "x" 100000000 $s }}`,
		"regexFindAll":             big + `{{ len (regexFindAll "." $s -1) }}{{ len (mustRegexFindAll "()" $s -1) }}`,
		"regexSplit":               big + `{{ len (regexSplit "" $s -1) }}`,
		"regex with counts":        big + `{{ regexMatch "(((x{1,10}){1,10}){1,9})*y$" $s }}`,
		"huge regex":               `{{ regexMatch (repeat 8000000 "(a|b)") "x" }}`,
		"regex of many states":     big + `{{ regexMatch (repeat 2000 "(x|y)*") $s }}`,
		"regexReplaceAll":          big + `{{ regexReplaceAll "" $s (repeat 1000 "$0 ") | len }}`,
		"toString of bytes":        big + `{{ range 100 }}{{ $s = printf "%x" $s }}{{ end }}`,
		"uniq":                     `{{ len (uniq (until 1000000)) }}`,
		"without":                  `{{ $l := until 3000 }}` + strings.Repeat(`{{ $l = concat $l $l }}`, 10) + `{{ len (without $l 1 2 3 4 5) }}` + loop + `{{ $_ := has -1 $l }}{{ end }}`,
		"chunk":                    `{{ len (chunk 1 (until 4000000)) }}{{ chunk -1 (until 10) }}`,
		"doubling by printf":       `{{ $s := "xx" }}{{ range 64 }}{{ $s = printf "%s%s" $s $s }}{{ end }}`,
		"doubling by replace":      `{{ $s := "xx" }}{{ range 64 }}{{ $s = replace "x" $s $s }}{{ end }}`,
		"doubling by cat":          `{{ $s := "xx" }}{{ range 64 }}{{ $s = cat $s $s }}{{ end }}`,
		"doubling by concat":       `{{ $l := list 1 }}{{ range 64 }}{{ $l = concat $l $l }}{{ end }}`,
		"growing by b64enc":        `{{ $s := "xx" }}{{ range 200 }}{{ $s = b64enc $s }}{{ end }}`,
		"growing by html":          `{{ $s := repeat 1000000 "&" }}{{ range 200 }}{{ $s = html $s }}{{ end }}`,
		"growing by quote":         `{{ $s := "\"\\" }}{{ range 200 }}{{ $s = quote $s }}{{ end }}`,
		"keeping strings":          `{{ $l := list }}{{ range $i := until 1000 }}{{ $l = append $l (repeat 16000000 (toString $i)) }}{{ end }}`,
		"keeping lists":            `{{ $l := list }}{{ range 1000 }}{{ $l = append $l (until 1000000) }}{{ end }}`,
		"keeping in a dict":        `{{ $d := dict }}{{ range $i := until 4000000 }}{{ $_ := set $d (printf "%01000d" $i) $i }}{{ end }}`,
		"keeping tpl texts":        `{{ range $i := until 4000000 }}{{ $x := tpl (printf "{{/*%d*/}}{{ if .a }}{{ .b }}{{ .c | quote | upper }}{{ end }}" $i) $ }}{{ end }}`,
		"tpl with definitions":     `{{ range $i := until 4000000 }}{{ $x := tpl (printf "{{ define \"x%d\" }}{{ .a }}{{ end }}" $i) $ }}{{ end }}`,
		"tpl of a huge text":       `{{ tpl (repeat 4000000 "{{.}}") . }}`,
		"tpl of nested ifs":        `{{ tpl (repeat 3000000 "{{if 1}}") . }}`,
		"tpl of nested parens":     `{{ tpl (print "{{" (repeat 3000000 "(") "}}") . }}`,
		"tree printed":             tree + `{{ $d }}`,
		"tree printed in a list":   tree + `{{ list $d }}`,
		"tree by default":          tree + `{{ default 1 $d }}`,
		"tree as a key":            tree + `{{ $x := dict $d 1 }}`,
		"tree as YAML":             tree + `{{ toYaml $d }}`,
		"tree as pretty YAML":      tree + `{{ toYamlPretty $d }}`,
		"tree as TOML":             tree + `{{ toToml $d }}`,
		"tree copied":              tree + `{{ $x := deepCopy $d }}`,
		"tree merged":              tree + `{{ $e := dict "z" 1 }}{{ range 40 }}{{ $e = dict "a" $e "b" $e }}{{ end }}{{ $x := merge $e $d }}`,
		"tree compared":            tree + `{{ $e := dict "a" 1 }}{{ range 40 }}{{ $e = dict "a" $e "b" $e }}{{ end }}{{ deepEqual $d $e }}{{ has $d (list $e) }}{{ fail "compared" }}`,
		"tree as a number":         tree + `{{ int $d }}`,
		"tree as a sum":            tree + `{{ add 1 $d }}`,
		"self printed":             self + `{{ $d }}`,
		"self by a variable":       self + `{{ with $d }}{{ . }}{{ end }}`,
		"self by a field":          self + `{{ $d.a.a.a }}`,
		"self by index":            self + `{{ index $d "a" }}`,
		"self by ternary":          self + `{{ ternary $d 1 true }}`,
		"self in print":            self + `{{ print $d }}`,
		"self in printf":           self + `{{ printf "%v" $d }}`,
		"self in println":          self + `{{ println $d }}`,
		"self in quote":            self + `{{ quote $d }}`,
		"self in cat":              self + `{{ cat $d }}`,
		"self in toString":         self + `{{ toString $d }}`,
		"self in join":             self + `{{ join "," (list $d) }}`,
		"self in sortAlpha":        self + `{{ sortAlpha (list $d $d) }}`,
		"self in toYaml":           self + `{{ toYaml $d }}`,
		"self in mustToYaml":       self + `{{ mustToYaml $d }}`,
		"self in toYamlPretty":     self + `{{ toYamlPretty $d }}`,
		"self in toJson":           self + `{{ toJson $d }}`,
		"self in toPrettyJson":     self + `{{ toPrettyJson $d }}`,
		"self in mustToRawJson":    self + `{{ mustToRawJson $d }}`,
		"self in toToml":           self + `{{ toToml $d }}`,
		"self in deepCopy":         self + `{{ $x := deepCopy $d }}`,
		"self in merge":            self + `{{ $x := merge (dict "a" (dict "a" (dict))) $d }}{{ $x }}`,
		"self in mergeOverwrite":   self + `{{ $e := dict "k" 1 }}{{ $_ := set $e "a" $e }}{{ $x := mergeOverwrite $d $e }}{{ $x }}`,
		"self by merge":            `{{ $d := dict "k" 1 }}{{ $e := dict "d" $d }}{{ $x := merge $d $e }}{{ $x }}`,
		"self in deepEqual":        self + `{{ $e := dict "k" "v" }}{{ $_ := set $e "a" $e }}{{ deepEqual $d $e }}{{ fail "compared" }}`,
		"self in uniq":             self + `{{ uniq (list $d $d) }}`,
		"self in has":              self + `{{ $e := dict "k" "v" }}{{ $_ := set $e "a" $e }}{{ has $d (list $e) }}{{ fail "compared" }}`,
		"self in int":              self + `{{ int $d }}`,
		"self in float64":          self + `{{ float64 $d }}`,
		"self in max":              self + `{{ max 1 $d }}`,
		"self in addf":             self + `{{ addf 1 $d }}`,
		"self in toDecimal":        self + `{{ toDecimal $d }}`,
		"self in slice":            self + `{{ slice (list 1 2) $d }}`,
		"self in html":             self + `{{ html $d }}`,
		"self in urlquery":         self + `{{ urlquery $d }}`,
		"self in genSignedCert":    self + `{{ $x := genSelfSignedCert "a" (list $d) (list $d) 1 }}`,
		"self in dict":             self + `{{ $x := dict $d 1 }}`,
		"self in the root":         `{{ $_ := set . "x" . }}{{ . }}`,
		"self in the values":       `{{ $_ := set .Values "x" .Values }}{{ .Values }}`,
		"self in the values, YAML": `{{ $_ := set .Values "x" .Values }}{{ .Values.YAML }}`,
		"self in a default":        self + `{{ $d | default dict }}`,
		"self in an if":            self + `{{ if eq 1 (len (toJson $d)) }}{{ end }}`,
		"self in trunc":            self + `{{ trunc 5 (toString $d) }}`,
		"deep printed":             deep + `{{ $d }}`,
		"deep compared":            deep + `{{ $e := dict }}{{ range 3900000 }}{{ $e = dict "a" $e }}{{ end }}{{ deepEqual $d $e }}`,
		"deep as JSON":             deep + `{{ toJson $d }}`,
		"deep merged":              `{{ $d := dict }}{{ $e := dict "b" 1 }}{{ range 1900000 }}{{ $d = dict "a" $d }}{{ $e = dict "a" $e }}{{ end }}{{ $x := merge $d $e }}`,
		"deep JSON read":           `{{ fromJson (repeat 8000000 "[") }}{{ fromJsonArray (repeat 8000000 "[") }}`,
		"wide JSON read":           `{{ $s := repeat 10000000 "[]," | trimSuffix "," | printf "[%s]" }}` + `{{ $l := list }}{{ range 20 }}{{ $l = append $l (fromJsonArray $s) }}{{ end }}`,
		"deep YAML read":           `{{ fromYaml (repeat 8000000 "[") }}{{ fromYamlArray (repeat 9000 "- ") }}`,
		"wide YAML read":           `{{ $s := repeat 4000000 "1, " | printf "[\n%s]" }}{{ len (fromYamlArray $s) }}`,
		"laughs in fromYaml":       `{{ $s := ` + "`" + laughs(12) + "`" + ` }}{{ len (fromYaml $s) }}{{ fromYaml $s | toString }}`,
		"wide TOML read":           `{{ $s := repeat 4000000 "1, " | printf "a = [\n%s]" }}{{ len (fromToml $s) }}`,
		"deep TOML read":           `{{ $s := repeat 1000000 "[" | printf "a = %s" }}{{ fromToml $s }}`,
		"TOML of many tables":      `{{ $s := "" }}{{ range $i := until 10 }}{{ $s = printf "%s[%s]\n" $s (repeat 50000 "a." | printf "%sb%d" $i) }}{{ end }}{{ fromToml (printf "[%sb]" (repeat 500000 "a.")) | len }}`,
		"2 GB of output":           `{{ range 1000000000 }}0123456789012345678901234567890123456789{{ end }}`,
		"output by includes":       `{{ define "a" }}{{ if . }}{{ include "a" (rest .) }}{{ include "a" (rest .) }}{{ else }}0123456789{{ end }}{{ end }}{{ include "a" (until 64) }}`,
		"include without end":      `{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}`,
		"includes in a circle":     `{{ define "a" }}{{ include "b" . }}{{ end }}{{ define "b" }}{{ include "a" . }}{{ end }}{{ include "a" . }}`,
		"tpl without end":          `{{ define "a" }}{{ tpl "{{ include \"a\" . }}" . }}{{ end }}{{ include "a" . }}`,
		"tpl of itself":            `{{ $t := "{{ tpl .t . }}" }}{{ tpl $t (dict "t" $t) }}`,
		"template without end":     `{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}`,
		"a tree of templates":      `{{ define "a" }}{{ if . }}{{ template "a" (rest .) }}{{ template "a" (rest .) }}{{ end }}{{ end }}{{ template "a" (until 64) }}`,
		"deep frames":              deepFrames(),
		"nested ifs":               strings.Repeat("{{if 1}}", 600000),
		"nested ifs with ends":     strings.Repeat("{{if 1}}", 300000) + strings.Repeat("{{end}}", 300000),
		"else if":                  "{{if 0}}" + strings.Repeat("{{else if 0}}", 500000) + "{{end}}",
		"else with":                "{{with 0}}" + strings.Repeat("{{else with 0}}", 500000) + "{{end}}",
		"nested parens":            "{{" + strings.Repeat("(", 3000000) + "1" + strings.Repeat(")", 3000000) + "}}",
		"nested 9000 parens":       "{{" + strings.Repeat("(print ", 9000) + "1" + strings.Repeat(")", 9000) + "}}",
		"nested defines":           strings.Repeat(`{{define "a"}}`, 500000),
		"nested blocks":            strings.Repeat(`{{block "a" .}}`, 500000),
		"many actions":             strings.Repeat("{{.}}", 5000000),
		"many arguments":           "{{ print" + strings.Repeat(" 1", 10000000) + "}}",
		"many dots":                "{{ ." + strings.Repeat("a.", 10000000) + "b }}",
		"many pipes":               "{{ 1" + strings.Repeat("|len", 5000000) + "}}",
		"many variables":           strings.Repeat("{{ $a := 1 }}", 3000000),
		"genCA":                    loop + `{{ $x := genCA "a" 1 }}{{ end }}`,
		"genCA, not looked at":     `{{ range 1000000 }}{{ $x := genCA "a" 1 }}{{ end }}`,
		"genCA, looked at late":    `{{ $l := list }}{{ range 10000 }}{{ $l = append $l (genCA "a" 1) }}{{ end }}{{ toJson $l }}`,
		"genCA, printed late":      `{{ $l := list }}{{ range 10000 }}{{ $l = append $l (genCA "a" 1) }}{{ end }}{{ print $l }}`,
		"genSignedCert":            loop + `{{ $x := genSignedCert "a" nil nil 1 (genCA "a" 1) }}{{ end }}`,
		"small definitions kept":   definitions(50_000, `{{ define "d%[1]d" }}{{ .Release.Name }}{{ end }}{{ include "d%[1]d" . }}`),
		"large definitions kept":   definitions(200, `{{ define "d%[1]d" }}{{ repeat 16000000 "x" }}{{ end }}{{ $x := include "d%[1]d" . }}`),
		"a chain of definitions":   definitions(60_000, `{{ define "d%[1]d" }}{{ include "d%[2]d" . }}{{ end }}`) + `{{ include "d0" . }}`,
		"genPrivateKey":            loop + `{{ $x := genPrivateKey "rsa" }}{{ end }}`,
		"genCA in a row":           strings.Repeat(`{{ $x := genCA "a" 1 }}`, 2000),
		"genCA in one action":      "{{ if or " + strings.Repeat(`(not (genCA "a" 1)) `, 2000) + "}}{{ end }}",
		"derivePassword":           loop + `{{ $x := derivePassword 1 "long" "a" "b" "c" }}{{ end }}`,
		"bcrypt":                   loop + `{{ $x := bcrypt "a" }}{{ end }}`,
		"sha in a row":             big + strings.Repeat(`{{ $x := sha512sum $s }}`, 3000),
		"eq in a row":              big + `{{ $t := print $s }}` + strings.Repeat(`{{ $x := eq $s $t }}`, 100000),
		"Glob":                     fmt.Sprintf(`{{ len (.Files.Glob %q) }}`, strings.Repeat("{a,b,*}", 60)) + `{{ fail "globbed" }}`,
		"Glob of stars":            fmt.Sprintf(`{{ len (.Files.Glob %q) }}`, strings.Repeat("*a", 60)+"b") + `{{ fail "globbed" }}`,
		"Glob, nested":             fmt.Sprintf(`{{ len (.Files.Glob %q) }}`, strings.Repeat("{", 100000)),
		"Glob, huge":               `{{ len (.Files.Glob (repeat 1000000 "{a,b}*")) }}`,
		"rendered laughs":          laughs(12),
		"rendered deep lists":      "kind: A\na: {{ fail \"x\" }}" + strings.Repeat("[", 9000) + strings.Repeat("]", 9000),
		"rendered deeper lists":    "a: " + strings.Repeat("[", 1000000),
		"rendered deep dashes":     strings.Repeat("- ", 500000),
		"rendered deep keys":       strings.Repeat("? ", 500000),
		"rendered wide list":       "a: [\n" + strings.Repeat("1, ", 10000000) + "]",
		"rendered wide map":        "a:\n  b: &x 1\n" + wideMap(1500000),
		"rendered many documents":  strings.Repeat("---\nkind: A\n", 2000000),
		"semver":                   big + `{{ semverCompare (repeat 1000000 ">1.0.0 || ") "1.0.0" }}`,
		"urlParse":                 big + `{{ urlParse $s | toString | len }}`,
		"snakecase":                big + `{{ snakecase $s | len }}{{ camelcase $s | len }}{{ kebabcase $s | len }}{{ shuffle $s | len }}{{ fail "done" }}`,
		"initials":                 `{{ initials (repeat 8000000 "a ") | len }}{{ fail "done" }}`,
		"mulf":                     `{{ $x := 1.5 }}` + loop + `{{ $x = mulf $x 1.5e300 1.5e-300 }}{{ end }}`,
		"round":                    `{{ round 1.5 1000000000 }}{{ fail "done" }}`,
		"AsConfig":                 loop + `{{ $x := $.Files.AsSecrets }}{{ end }}`,
		"env":                      `{{ env "HOME" }}`,
		"dates":                    `{{ date (repeat 16000000 "Monday ") now | len }}{{ fail "done" }}`,
	}
	out := map[string]hostile{}
	for name, text := range cases {
		if untilTimeIsUp[name] && !long.On() {
			continue
		}
		out[name] = hostile{ok: name == "small definitions kept", files: map[string]string{"templates/a.yaml": text, "config/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": "x"}}
	}
	return out
}

// untilTimeIsUp are templates that work until the clock stops them. They run with -long.
var untilTimeIsUp = map[string]bool{
	"genCA": true, "genPrivateKey": true, "genCA in a row": true, "genCA in one action": true, "derivePassword": true, "bcrypt": true,
	"sha in a row": true, "eq in a row": true, "regex of many states": true, "a tree of templates": true, "output by includes": true,
	"genSignedCert": true, "genCA, not looked at": true, "genCA, looked at late": true, "genCA, printed late": true,
	"AsConfig": true, "keeping tpl texts": true, "tpl with definitions": true, "mulf": true, "without": true,
}

// laughs is a YAML text whose aliases stand for ten to the n values.
func laughs(n int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < n; i++ {
		alias := fmt.Sprintf("*a%d", i-1)
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.Join([]string{alias, alias, alias, alias, alias, alias, alias, alias, alias, alias}, ", "))
	}
	return b.String()
}

func wideMap(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d: 1\n", i)
	}
	return b.String()
}

// definitions are n times a text, with the number of each and the next.
func definitions(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i, i+1)
	}
	return b.String()
}

// deepFrames calls templates deeply, each with much on the stack.
func deepFrames() string {
	const nested = 90
	open, closing := strings.Repeat("{{ if . }}", nested), strings.Repeat("{{ end }}", nested)
	call := strings.Repeat("(print ", nested) + `(include "%s" .)` + strings.Repeat(")", nested)
	var b strings.Builder
	for i := range 9 {
		fmt.Fprintf(&b, `{{ define "d%d" }}%s{{ %s }}%s{{ end }}`, i, open, fmt.Sprintf(call, fmt.Sprintf("d%d", (i+1)%9)), closing)
	}
	return b.String() + `{{ include "d0" . }}`
}
