package report

import (
	"fmt"
	"strings"

	"github.com/pintle-ci/pintle/event"
)

// Bounds of a frame.
const (
	liveService = 28 // cells of a service's name
	liveStep    = 8  // cells of a step's column
	liveObjects = 4  // objects below a service
	liveNarrow  = 24 // below as many columns there is no table to speak of
)

// liveRow is one service in a frame: its line of the table and the objects it
// waits for.
type liveRow struct {
	service *Service
	line    string
	objects []string
}

// frame renders the state of the run as lines that fit the terminal. It leaves
// the last row free for the cursor.
func (l *Live) frame(columns, rows int) []string {
	if l.fold.run.Started.IsZero() {
		return nil
	}
	columns = max(columns-1, liveNarrow) // a full line would wrap on some terminals
	top := []string{"", l.headline(columns)}
	table, heading := l.table(columns)
	if heading != "" {
		top = append(top, heading)
	}
	return append(top, squeeze(table, max(rows-1-len(top), 1))...)
}

func (l *Live) headline(columns int) string {
	run := l.fold.run
	elapsed := stopwatch(l.fold.since(l.o.Now()))
	text := fit(title(run), max(columns-cells(elapsed)-5, 8))
	return l.c.paint(bold, text) + "  " + l.c.paint(cyan, l.spinner()) + " " + elapsed
}

func (l *Live) spinner() string {
	const frames = `|/-\`
	return frames[l.beat%len(frames) : l.beat%len(frames)+1]
}

// table renders the rows and the heading; where the table of all steps is too
// wide for the terminal, each service tells only where it stands.
func (l *Live) table(columns int) (rows []liveRow, heading string) {
	names := l.fold.run.columns()
	var g grid
	head := []gridCell{{}, {}}
	for _, n := range names {
		head = append(head, gridCell{text: fit(n, liveStep), paint: l.dim})
	}
	g.add(head...)
	for _, service := range l.fold.run.Services {
		row := []gridCell{{text: fit(service.Label(), liveService)}, {text: fit(service.Version, liveService), paint: l.dim}}
		for _, n := range names {
			row = append(row, l.cell(service.Step(n)))
		}
		g.add(row...)
	}
	wide := 0
	for _, w := range g.widths() {
		wide += w + 2
	}
	lines := g.lines()
	if narrow := wide-2 > columns; narrow {
		lines = l.narrow(columns)
	} else {
		heading = lines[0]
	}
	for i, service := range l.fold.run.Services {
		rows = append(rows, liveRow{service, lines[i+1], l.objects(service, columns)})
	}
	return rows, heading
}

func (l *Live) dim(s string) string { return l.c.paint(dim, s) }

func (l *Live) cell(step *Step) gridCell {
	if step == nil {
		return gridCell{}
	}
	text := brief(step.Status)
	if step.Status == running {
		text = l.spinner() + " " + stopwatch(l.fold.since(l.o.Now())-step.Start)
	}
	return gridCell{text: text, paint: func(s string) string { return l.c.status(step.Status, s) }}
}

// narrow renders, as lines 1 and on, each service with the step it stands at.
func (l *Live) narrow(columns int) []string {
	lines := []string{""}
	for _, service := range l.fold.run.Services {
		step := standsAt(service)
		text := step.Name + " " + brief(step.Status)
		if step.Status == running {
			text = step.Name + " " + l.cell(step).text
		}
		text = fit(text, columns)
		name := fit(service.Label(), max(columns-cells(text)-2, 0))
		gap := strings.Repeat(" ", max(columns-cells(name)-cells(text), 0))
		lines = append(lines, name+gap+l.c.status(step.Status, text))
	}
	return lines
}

// standsAt is the running step, else the first bad one, else the last that ended.
func standsAt(service *Service) *Step {
	at := service.Steps[0]
	for _, s := range service.Steps {
		if s.Status == running || s.Status.Bad() {
			return s
		}
		if s.Status != planned && s.Status != event.Skipped {
			at = s
		}
	}
	return at
}

// objects renders what the running steps of a service wait for.
func (l *Live) objects(service *Service, columns int) []string {
	var out []string
	ready, more := 0, 0
	for _, step := range service.Steps {
		if step.Status != running {
			continue
		}
		for _, o := range step.Objects {
			switch {
			case o.Status != event.Waiting:
				ready++
			case len(out) < liveObjects:
				text := fit("  "+strings.TrimRight(o.Name+"  "+o.Message, " "), columns)
				out = append(out, l.c.status(event.Waiting, text))
			default:
				more++
			}
		}
	}
	if ready+more > 0 {
		text := fmt.Sprintf("  %d of %d objects ready", ready, ready+more+len(out))
		out = append(out, l.dim(fit(text, columns)))
	}
	return out
}

// squeeze makes the rows fit into height lines. Where not even the services fit,
// those at work or failed come first, then those to come, then those through.
func squeeze(rows []liveRow, height int) []string {
	if len(rows) > height {
		return crowd(rows, height)
	}
	var out []string
	spare := height - len(rows)
	for _, r := range rows {
		n := min(len(r.objects), spare)
		out = append(append(out, r.line), r.objects[:n]...)
		spare -= n
	}
	return out
}

func crowd(rows []liveRow, height int) []string {
	shown := make(map[int]bool)
	for urgency := range 3 {
		for i, r := range rows {
			if len(shown) < height-1 && urgencyOf(r.service) == urgency {
				shown[i] = true
			}
		}
	}
	var out []string
	for i, r := range rows {
		if shown[i] {
			out = append(out, r.line)
		}
	}
	return append(out, "... and "+plural(len(rows)-len(shown), "more service"))
}

// urgencyOf is 0 for a service at work or failed, 1 for one with steps to come,
// 2 for one that is through.
func urgencyOf(service *Service) int {
	urgency := 2
	for _, s := range service.Steps {
		switch {
		case s.Status == running || s.Status.Bad():
			return 0
		case s.Status == planned:
			urgency = 1
		}
	}
	return urgency
}
