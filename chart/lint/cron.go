package lint

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// schedule finds a CronJob whose schedule is none.
func (l *linter) schedule(o *object) {
	text, ok := at(o.fields, "spec", "schedule").(string)
	if o.kind != "CronJob" || !ok {
		return
	}
	if err := checkSchedule(text); err != nil {
		l.add("cron/schedule", o.file, o.line("spec", "schedule"), "%s: the schedule %q %v", o, text, err)
	}
}

// cronField is one of the five fields of a schedule.
type cronField struct {
	name        string
	least, most int
	names       string // of the numbers from least on, three letters each
}

var cronFields = []cronField{
	{"minute", 0, 59, ""},
	{"hour", 0, 23, ""},
	{"day", 1, 31, ""},
	{"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
	{"weekday", 0, 6, "sunmontuewedthufrisat"},
}

// checkSchedule says what is wrong with a schedule, as the controller of
// CronJobs reads it: five fields, or @daily and the like.
func checkSchedule(schedule string) error {
	if zone, rest, ok := strings.Cut(schedule, " "); ok && (strings.HasPrefix(zone, "TZ=") || strings.HasPrefix(zone, "CRON_TZ=")) {
		schedule = rest // refused or not, by the version
	}
	switch schedule {
	case "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly":
		return nil
	}
	if every, ok := strings.CutPrefix(schedule, "@every "); ok {
		if _, err := time.ParseDuration(every); err != nil {
			return errors.New("has no duration such as 1h30m")
		}
		return nil
	}
	fields := strings.Fields(schedule)
	if len(fields) != len(cronFields) {
		return fmt.Errorf("has %d fields, not %d", len(fields), len(cronFields))
	}
	for i, f := range cronFields {
		for part := range strings.SplitSeq(fields[i], ",") {
			if !f.takes(part) {
				return fmt.Errorf("has the %s %s, which is not in %d to %d", f.name, part, f.least, f.most)
			}
		}
	}
	return nil
}

// takes reads 5, 1-5, *, ?, and each of them with a step: */10.
func (f cronField) takes(part string) bool {
	part, step, stepped := strings.Cut(part, "/")
	if n, err := strconv.Atoi(step); stepped && (err != nil || n < 1) {
		return false
	}
	if part == "*" || part == "?" {
		return true
	}
	low, high, isRange := strings.Cut(part, "-")
	from, ok := f.number(low)
	if !isRange {
		return ok
	}
	to, okTo := f.number(high)
	return ok && okTo && from <= to
}

// number reads a number within the bounds, or the name of one.
func (f cronField) number(text string) (int, bool) {
	if i := strings.Index(f.names, strings.ToLower(text)); len(text) == 3 && i >= 0 && i%3 == 0 {
		return f.least + i/3, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= f.least && n <= f.most
}
