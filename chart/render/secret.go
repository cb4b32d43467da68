package render

import "github.com/pintle-ci/pintle/internal/lazyregexp"

var (
	secretKind = lazyregexp.New(`(?m)^kind:\s*["']?Secret["']?\s*$`)
	plainLine  = lazyregexp.New(`^(---|#|apiVersion:|kind:|type:|metadata:|data:|stringData:|\s+(name|namespace|labels|annotations):)`)
	secretLine = lazyregexp.New(`^(\s*(?:- )?(?:[\w.-]+:\s*)?)(.*)$`)
)

// hideSecret hides the values of a Secret in the rendered lines that are shown.
func (e *Error) hideSecret() {
	if !e.secret {
		return
	}
	for i, line := range e.Rendered {
		if m := secretLine.FindStringSubmatch(line); !plainLine.MatchString(line) && m[2] != "" {
			e.Rendered[i] = m[1] + "***"
		}
	}
}
