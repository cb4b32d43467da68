package lint

import (
	"fmt"
	"strings"

	"github.com/robfig/cron/v3"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// schedule finds a CronJob whose schedule is none, or whose time zone is none.
func (l *linter) schedule(o *object) {
	text, ok := at(o.fields, "spec", "schedule").(string)
	if o.kind != "CronJob" || !ok {
		return
	}
	if err := checkSchedule(text); err != nil {
		l.add("cron/schedule", o.file, o.line("spec", "schedule"), "%s: the schedule %q %v", o, text, err)
	}
	zone, ok := at(o.fields, "spec", "timeZone").(string)
	switch {
	case !ok:
	case !isTimeZone(zone):
		l.add("cron/schedule", o.file, o.line("spec", "timeZone"), "%s: the time zone %q is none such as Europe/Berlin", o, zone)
	case strings.Contains(text, "TZ"):
		l.add("cron/schedule", o.file, o.line("spec", "schedule"), "%s: the schedule %q names a time zone, and timeZone does", o, text)
	}
}

// scheduleFields are the five fields of a schedule.
var scheduleFields = [...]struct{ name, bounds string }{
	{"minute", "0 to 59"}, {"hour", "0 to 23"}, {"day", "1 to 31"}, {"month", "1 to 12"}, {"weekday", "0 to 6"},
}

// checkSchedule says what is wrong with a schedule, read by the library that the
// API server and the controller of CronJobs read it with. A time zone before it is
// left out: the library would look it up in this machine's list, and panics where
// nothing follows. Whether it is taken depends on the version.
func checkSchedule(schedule string) error {
	if zone, rest, _ := strings.Cut(schedule, " "); strings.HasPrefix(zone, "TZ=") || strings.HasPrefix(zone, "CRON_TZ=") {
		schedule = strings.TrimSpace(rest)
	}
	err := parseSchedule(schedule)
	if err == nil || strings.HasPrefix(schedule, "@") {
		return err
	}
	fields := strings.Fields(schedule)
	if len(fields) != len(scheduleFields) {
		return fmt.Errorf("has %d fields, not %d", len(fields), len(scheduleFields))
	}
	for i, f := range scheduleFields {
		alone := []string{"*", "*", "*", "*", "*"}
		alone[i] = fields[i]
		if parseSchedule(strings.Join(alone, " ")) != nil {
			return fmt.Errorf("has the %s %s, which is not in %s", f.name, fields[i], f.bounds)
		}
	}
	return err
}

func parseSchedule(schedule string) error {
	if _, err := cron.ParseStandard(schedule); err != nil {
		return fmt.Errorf("does not parse: %w", err)
	}
	return nil
}

var timeZoneName = lazyregexp.New(`^[A-Za-z._0-9+][A-Za-z._0-9+-]{0,13}(/[A-Za-z._0-9+][A-Za-z._0-9+-]{0,13})*$`)

// isTimeZone reports whether the API server may take a name for a time zone. It
// knows those that there are, we do not.
func isTimeZone(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part == "." || part == ".." {
			return false
		}
	}
	return timeZoneName.MatchString(name) && !strings.EqualFold(name, "Local")
}
