package render

import "regexp"

var (
	secretKind = regexp.MustCompile(`(?m)^kind:\s*["']?Secret["']?\s*$`)
	plainLine  = regexp.MustCompile(`^(---|#|apiVersion:|kind:|type:|metadata:|data:|stringData:|\s+(name|namespace|labels|annotations):)`)
	secretLine = regexp.MustCompile(`^(\s*(?:- )?(?:[\w.-]+:\s*)?)(.*)$`)
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
