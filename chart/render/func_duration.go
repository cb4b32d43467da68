package render

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// maxSeconds is the longest time.Duration in seconds.
const maxSeconds = math.MaxInt64 / int64(time.Second)

// toDuration reads a duration: "1h30m", or a number of seconds, as a number or as text.
func toDuration(v any) (time.Duration, error) {
	switch v := v.(type) {
	case nil:
		return 0, errors.New("invalid duration")
	case time.Duration:
		return v, nil
	case string:
		return parseDuration(v)
	}
	switch r := reflect.ValueOf(v); {
	case r.CanInt():
		if n := r.Int(); n <= maxSeconds && n >= -maxSeconds {
			return time.Duration(n) * time.Second, nil
		}
	case r.CanUint():
		if n := r.Uint(); n <= uint64(maxSeconds) {
			return time.Duration(n) * time.Second, nil
		}
	case r.CanFloat():
		return floatDuration(r.Float())
	default:
		return 0, fmt.Errorf("unsupported duration type %T", v)
	}
	return 0, fmt.Errorf("duration seconds overflow: %v", v)
}

func parseDuration(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	if d, err := time.ParseDuration(s); err == nil && s != "" {
		return d, nil
	}
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("could not parse duration %q", s)
	}
	return floatDuration(seconds)
}

func floatDuration(seconds float64) (time.Duration, error) {
	nanos := seconds * float64(time.Second)
	if math.IsNaN(nanos) || nanos >= math.MaxInt64 || nanos < math.MinInt64 {
		return 0, fmt.Errorf("duration seconds overflow: %v", seconds)
	}
	return time.Duration(nanos), nil
}

func mustToDuration(v any) time.Duration {
	d, err := toDuration(v)
	if err != nil {
		panic(err)
	}
	return d
}

// durationOf is 0 for what is no duration.
func durationOf(v any) time.Duration {
	d, _ := toDuration(v)
	return d
}

// durationFuncs are the duration functions that Helm v4.3 adds to sprig's.
func durationFuncs() map[string]any {
	return map[string]any{
		"mustToDuration":       mustToDuration,
		"durationSeconds":      func(v any) float64 { return durationOf(v).Seconds() },
		"durationMilliseconds": func(v any) int64 { return durationOf(v).Milliseconds() },
		"durationMicroseconds": func(v any) int64 { return durationOf(v).Microseconds() },
		"durationNanoseconds":  func(v any) int64 { return durationOf(v).Nanoseconds() },
		"durationMinutes":      func(v any) float64 { return durationOf(v).Minutes() },
		"durationHours":        func(v any) float64 { return durationOf(v).Hours() },
		"durationDays":         func(v any) float64 { return durationOf(v).Hours() / 24 },
		"durationWeeks":        func(v any) float64 { return durationOf(v).Hours() / 24 / 7 },
		"durationRoundTo":      func(v, m any) time.Duration { return durationOf(v).Round(durationOf(m)) },
		"durationTruncateTo":   func(v, m any) time.Duration { return durationOf(v).Truncate(durationOf(m)) },
	}
}
