package registry

import (
	"net/url"
	"strings"
)

// ShownURL is u without what may be secret in it: user, password and query.
func ShownURL(u *url.URL) string {
	public := *u
	public.User, public.RawQuery, public.Fragment = nil, "", ""
	return public.String()
}

// Shown is the same for a text that should be a URL. Names of repositories stay as
// they are.
func Shown(text string) string {
	if u, err := url.Parse(text); err == nil {
		return ShownURL(u)
	}
	text, _, _ = strings.Cut(text, "?")
	if _, rest, ok := strings.Cut(text, "@"); ok && rest != "" && strings.Contains(text, "//") {
		return "//..." + rest
	}
	return text
}
