package lint

import (
	"strings"
	"testing"
)

func TestSchedule(t *testing.T) {
	for schedule, ok := range map[string]bool{
		"0 4 * * *": true, "*/5 * * * *": true, "0-30/10 1,2 ? JAN-mar Sun": true, "@daily": true, "@every 1h30m": true,
		"TZ=Europe/Berlin 0 4 * * *": true, "0 4 * * 6": true, "5/15 * * * *": true,
		"* * * *": false, "0 4 * * 7": false, "60 * * * *": false, "* * 0 * *": false, "*/0 * * * *": false, "5-1 * * * *": false,
		"@reboot": false, "@every day": false, "": false, "0 4 * * unm": false, "0 0 4 * * *": false, "a * * * *": false,
	} {
		if err := checkSchedule(schedule); (err == nil) != ok {
			t.Errorf("%q: %v", schedule, err)
		}
	}
}

// TestCheckSchedule: what is taken and refused is what the API server takes.
func TestCheckSchedule(t *testing.T) {
	for schedule, want := range map[string]string{
		"*/10 1-5,7 ? JAN-mar sun": "", "5/15 * * * *": "", " 0 0  * * 1 ": "", "@daily": "", "@every 1h30m": "",
		"":                         "has 0 fields, not 5",
		"* * * *":                  "has 4 fields, not 5",
		"60 * * * *":               "has the minute 60, which is not in 0 to 59",
		"* 5-3 * * *":              "has the hour 5-3, which is not in 0 to 23",
		"* * 0 * *":                "has the day 0, which is not in 1 to 31",
		"* * * feb,foo *":          "has the month feb,foo, which is not in 1 to 12",
		"* * * * 7":                "has the weekday 7, which is not in 0 to 6",
		"*/0 * * * *":              "has the minute */0",
		"@every x":                 "does not parse: failed to parse duration",
		"@often":                   "does not parse: unrecognized descriptor: @often",
		"TZ=Europe/Berlin 0 0 * *": "has 4 fields, not 5",
		"CRON_TZ=0":                "has 0 fields, not 5",
	} {
		got := ""
		if err := checkSchedule(schedule); err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, want) || (want == "") != (got == "") {
			t.Errorf("%q: %q, want %q", schedule, got, want)
		}
	}
}

func TestIsTimeZone(t *testing.T) {
	for name, want := range map[string]bool{
		"Europe/Berlin": true, "Etc/GMT+5": true, "UTC": true, "America/Argentina/Ushuaia": true,
		"": false, "local": false, "Europe//Berlin": false, "../etc": false, "Europe/-a": false, "Europe/Berlin ": false, "a/123456789012345": false,
	} {
		if got := isTimeZone(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
