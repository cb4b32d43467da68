package jsonschema

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

func checkDate(s string) error {
	_, err := time.Parse(time.DateOnly, s)
	return err
}

// checkDateTime checks RFC 3339 5.6.
func checkDateTime(s string) error {
	if len(s) < 20 {
		return errors.New("less than 20 characters long")
	}
	if s[10] != 't' && s[10] != 'T' {
		return errors.New("11th character must be t or T")
	}
	if err := checkDate(s[:10]); err != nil {
		return fmt.Errorf("invalid date element: %w", err)
	}
	if err := checkTime(s[11:]); err != nil {
		return fmt.Errorf("invalid time element: %w", err)
	}
	return nil
}

// checkTime checks RFC 3339's full-time, with leap seconds where they can be.
func checkTime(s string) error {
	if len(s) < 9 {
		return errors.New("less than 9 characters long")
	}
	if s[2] != ':' || s[5] != ':' {
		return errors.New("missing colon in correct place")
	}
	hour, err1 := small(s[:2], 23)
	minute, err2 := small(s[3:5], 59)
	second, err3 := small(s[6:8], 60)
	if err := errors.Join(err1, err2, err3); err != nil {
		return errors.New("hour/min/sec out of range")
	}
	s = s[8:]
	if fraction, ok := strings.CutPrefix(s, "."); ok {
		s = strings.TrimLeft(fraction, "0123456789")
		if s == fraction {
			return errors.New("no digits in second fraction")
		}
	}
	east, err := offset(s)
	if err != nil {
		return err
	}
	if day := 24 * 60; second == 60 && (hour*60+minute-east+day)%day != day-1 {
		return errors.New("invalid leap second")
	}
	return nil
}

// small is a number of at most two digits; a sign is let through, as in Helm.
func small(s string, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > most {
		return 0, errors.New("out of range")
	}
	return n, nil
}

// offset is a time zone's distance from UTC in minutes.
func offset(s string) (int, error) {
	if s == "z" || s == "Z" {
		return 0, nil
	}
	if len(s) != 6 {
		return 0, errors.New("offset must be 6 characters long")
	}
	if s[0] != '+' && s[0] != '-' {
		return 0, errors.New("offset must begin with plus/minus")
	}
	if s[3] != ':' {
		return 0, errors.New("missing colon in offset in correct place")
	}
	hour, err1 := small(s[1:3], 23)
	minute, err2 := small(s[4:], 59)
	if err1 != nil || err2 != nil {
		return 0, errors.New("hour/min in offset out of range")
	}
	if s[0] == '-' {
		return -hour*60 - minute, nil
	}
	return hour*60 + minute, nil
}

// checkDuration checks RFC 3339 appendix A.
func checkDuration(s string) error {
	s, ok := strings.CutPrefix(s, "P")
	if !ok {
		return errors.New("must start with P")
	}
	if s == "" {
		return errors.New("nothing after P")
	}
	if weeks, ok := strings.CutSuffix(s, "W"); ok {
		if _, odd := foreign(weeks, isDigit); odd || weeks == "" {
			return errors.New("invalid week")
		}
		return nil
	}
	days, hours, timed := strings.Cut(s, "T")
	if timed && hours == "" {
		return errors.New("no time elements")
	}
	if err := checkUnits(days, "YMD"); err != nil {
		return err
	}
	return checkUnits(hours, "HMS")
}

// checkUnits checks numbers with units, in the units' order.
func checkUnits(s, units string) error {
	for s != "" {
		rest := strings.TrimLeft(s, "0123456789")
		if rest == s {
			return errors.New("missing number")
		}
		if rest == "" {
			return errors.New("missing unit")
		}
		i := strings.IndexByte(units, rest[0])
		if i < 0 {
			return fmt.Errorf("invalid unit %q", rest[0])
		}
		units, s = units[i+1:], rest[1:]
	}
	return nil
}

// checkPeriod checks RFC 3339 appendix A: two times, or one and a duration.
func checkPeriod(s string) error {
	start, end, ok := strings.Cut(s, "/")
	if !ok {
		return errors.New("missing slash")
	}
	checkStart, checkEnd := checkDateTime, checkDateTime
	switch {
	case strings.HasPrefix(start, "P"):
		checkStart = checkDuration
	case strings.HasPrefix(end, "P"):
		checkEnd = checkDuration
	}
	if err := checkStart(start); err != nil {
		return fmt.Errorf("invalid start: %w", err)
	}
	if err := checkEnd(end); err != nil {
		return fmt.Errorf("invalid end: %w", err)
	}
	return nil
}

// checkSemver checks semver.org 2.0.0.
func checkSemver(s string) error {
	s, build, ok := strings.Cut(s, "+")
	if ok {
		if err := checkIdentifiers(build, "build", false); err != nil {
			return err
		}
	}
	s, pre, ok := strings.Cut(s, "-")
	if ok {
		if err := checkIdentifiers(pre, "pre-release", true); err != nil {
			return err
		}
	}
	numbers := strings.Split(s, ".")
	if len(numbers) != 3 {
		return errors.New("versionCore must have 3 numbers separated by dot")
	}
	for i, name := range []string{"major", "minor", "patch"} {
		switch _, odd := foreign(numbers[i], isDigit); {
		case numbers[i] == "":
			return fmt.Errorf("%s is empty", name)
		case len(numbers[i]) > 1 && numbers[i][0] == '0':
			return fmt.Errorf("%s starts with zero", name)
		case odd:
			return fmt.Errorf("%s contains non-digit", name)
		}
	}
	return nil
}

func checkIdentifiers(s, name string, numeric bool) error {
	for id := range strings.SplitSeq(s, ".") {
		if id == "" {
			return fmt.Errorf("%s identifier is empty", name)
		}
		if r, odd := foreign(id, isLabel); odd {
			return fmt.Errorf("invalid character %q in %s identifier", r, name)
		}
		if _, odd := foreign(id, isDigit); numeric && !odd && len(id) > 1 && id[0] == '0' {
			return fmt.Errorf("%s numeric identifier starts with zero", name)
		}
	}
	return nil
}
