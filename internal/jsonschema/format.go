package jsonschema

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// formats are the formats that are checked; the others are notes for people.
// regex is checked where the patterns are.
var formats = map[string]func(string) error{
	"date":                  checkDate,
	"date-time":             checkDateTime,
	"duration":              checkDuration,
	"email":                 checkEmail,
	"hostname":              checkHostname,
	"ipv4":                  checkIPv4,
	"ipv6":                  checkIPv6,
	"iri":                   checkURI,
	"iri-reference":         checkURIReference,
	"json-pointer":          checkPointer,
	"period":                checkPeriod,
	"relative-json-pointer": checkRelativePointer,
	"semver":                checkSemver,
	"time":                  checkTime,
	"uri":                   checkURI,
	"uri-reference":         checkURIReference,
	"uri-template":          checkURITemplate,
	"uuid":                  checkUUID,
}

// foreign is the first character outside of what a set holds; ok if there is one.
func foreign(s string, set func(r rune) bool) (r rune, ok bool) {
	for _, r := range s {
		if !set(r) {
			return r, true
		}
	}
	return 0, false
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isLabel(r rune) bool {
	return isDigit(r) || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '-'
}

func isHex(r rune) bool { return isDigit(r) || 'a' <= r && r <= 'f' || 'A' <= r && r <= 'F' }

// checkPointer checks a JSON pointer, RFC 6901.
func checkPointer(s string) error {
	if s != "" && s[0] != '/' {
		return errors.New("not starting with /")
	}
	for i, part := range strings.Split(s, "~") {
		if i > 0 && !strings.HasPrefix(part, "0") && !strings.HasPrefix(part, "1") {
			return errors.New("~ must be followed by 0 or 1")
		}
	}
	return nil
}

// checkRelativePointer checks draft-handrews-relative-json-pointer-01.
func checkRelativePointer(s string) error {
	rest := strings.TrimLeft(s, "0123456789")
	switch digits := len(s) - len(rest); {
	case digits == 0:
		return errors.New("must start with non-negative integer")
	case digits > 1 && s[0] == '0':
		return errors.New("starts with zero")
	case rest == "#":
		return nil
	}
	return checkPointer(rest)
}

// checkUUID checks RFC 4122's text form.
func checkUUID(s string) error {
	groups := strings.Split(s, "-")
	if len(groups) != 5 {
		return errors.New("must have 5 elements")
	}
	for i, want := range []int{8, 4, 4, 4, 12} {
		if len(groups[i]) != want {
			return fmt.Errorf("element %d must be %d characters long", i+1, want)
		}
		if r, ok := foreign(groups[i], isHex); ok {
			return fmt.Errorf("non-hex character %q", r)
		}
	}
	return nil
}

// checkIPv4 checks a dotted quad; a sign is let through, as in Helm.
func checkIPv4(s string) error {
	parts := strings.Split(s, ".")
	if len(parts) != 4 {
		return errors.New("expected four decimals")
	}
	for _, part := range parts {
		if len(part) > 1 && part[0] == '0' {
			return errors.New("leading zeros")
		}
		n, err := strconv.Atoi(part)
		if err != nil {
			return err
		}
		if n < 0 || n > 255 {
			return errors.New("decimal must be between 0 and 255")
		}
	}
	return nil
}

func checkIPv6(s string) error {
	if !strings.Contains(s, ":") {
		return errors.New("missing colon")
	}
	address, err := netip.ParseAddr(s)
	if err == nil && address.Zone() != "" {
		err = errors.New("zone id is not a part of ipv6 address")
	}
	return err
}

// checkHostname checks RFC 1123; a dot at the end is allowed.
func checkHostname(s string) error {
	s = strings.TrimSuffix(s, ".")
	if len(s) > 253 {
		return errors.New("more than 253 characters long")
	}
	for label := range strings.SplitSeq(s, ".") {
		switch r, odd := foreign(label, isLabel); {
		case len(label) < 1 || len(label) > 63:
			return errors.New("label must be 1 to 63 characters long")
		case label[0] == '-':
			return errors.New("label starts with hyphen")
		case label[len(label)-1] == '-':
			return errors.New("label ends with hyphen")
		case odd:
			return fmt.Errorf("invalid character %q", r)
		}
	}
	return nil
}

func checkEmail(s string) error {
	at := strings.LastIndexByte(s, '@')
	switch {
	case len(s) > 254:
		return errors.New("more than 255 characters long")
	case at < 0:
		return errors.New("missing @")
	case at > 64:
		return errors.New("local part more than 64 characters long")
	}
	if err := checkLocalPart(s[:at]); err != nil {
		return err
	}
	domain := s[at+1:]
	if !strings.HasPrefix(domain, "[") || !strings.HasSuffix(domain, "]") {
		if err := checkHostname(domain); err != nil {
			return fmt.Errorf("invalid domain: %w", err)
		}
		return nil
	}
	domain = domain[1 : len(domain)-1]
	if six, ok := strings.CutPrefix(domain, "IPv6:"); ok {
		if err := checkIPv6(six); err != nil {
			return fmt.Errorf("invalid ipv6 address: %w", err)
		}
	} else if err := checkIPv4(domain); err != nil {
		return fmt.Errorf("invalid ipv4 address: %w", err)
	}
	return nil
}

// checkLocalPart checks what stands before the @ of an address.
func checkLocalPart(s string) error {
	if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
		if strings.ContainsAny(s[1:len(s)-1], `\"`) {
			return errors.New("backslash and quote are not allowed within quoted local part")
		}
		return nil
	}
	r, odd := foreign(s, func(r rune) bool { return isLabel(r) || strings.ContainsRune(".!#$%&'*+/=?^_`{|}~", r) })
	switch {
	case strings.HasPrefix(s, "."):
		return errors.New("starts with dot")
	case strings.HasSuffix(s, "."):
		return errors.New("ends with dot")
	case strings.Contains(s, ".."):
		return errors.New("consecutive dots")
	case odd:
		return fmt.Errorf("invalid character %q", r)
	}
	return nil
}

func parseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, err
	}
	if host := u.Hostname(); strings.Contains(host, ":") {
		if !strings.Contains(u.Host, "[") || !strings.Contains(u.Host, "]") {
			return nil, errors.New("ipv6 address not enclosed in brackets")
		}
		if err := checkIPv6(host); err != nil {
			return nil, fmt.Errorf("invalid ipv6 address: %w", err)
		}
	}
	return u, nil
}

func checkURI(s string) error {
	u, err := parseURL(s)
	if err == nil && !u.IsAbs() {
		err = errors.New("relative url")
	}
	return err
}

func checkURIReference(s string) error {
	if strings.Contains(s, `\`) {
		return errors.New(`contains \`)
	}
	_, err := parseURL(s)
	return err
}

// checkURITemplate checks that the braces of each step of the path match.
func checkURITemplate(s string) error {
	u, err := parseURL(s)
	if err != nil {
		return err
	}
	for step := range strings.SplitSeq(u.RawPath, "/") {
		if step, err = url.PathUnescape(step); err != nil {
			return fmt.Errorf("percent decode failed: %w", err)
		}
		open := false
		for _, r := range step {
			if r != '{' && r != '}' {
				continue
			}
			if open == (r == '{') {
				return errors.New("nested curly braces")
			}
			open = !open
		}
		if open {
			return errors.New("no matching closing brace")
		}
	}
	return nil
}
