// Package report shows a run to people and to CI servers. Everything it shows
// comes from the stream of events, in two ways:
//
//	while it happens   NewJSONLines, NewPlain, NewLive: each has an Event method, which is an event.Sink
//	afterwards         ReadEvents -> Fold -> WriteAll (JUnit, JSON, HTML), Summary
//
// A run wires them like this; `pintle report events.jsonl` does the second half
// alone, also for the stream of a run that was killed:
//
//	lines := report.NewJSONLines(file)
//	console := report.NewPlain(os.Stderr, report.PlainOptions{CI: report.GitLab}) // or NewLive on a terminal
//	log := event.NewLog(nil, event.Masked(mask, lines.Event), event.Masked(mask, console.Event))
//	... the run ...
//	err := errors.Join(console.Close(), lines.Err())
//	events, err := report.ReadEvents(file)
//	run := report.Fold(events)
//	err = report.WriteAll("build/pintle", run)
//	err = report.Summary(os.Stderr, run, report.SummaryOptions{HTML: "build/pintle/report/index.html"})
//
// The package refuses to decide whether a run is good: statuses and the exit
// code are told by the events. It knows no cluster, no configuration, no CI
// server's environment and no clock other than the ones it is given; what it
// prints is free of escape sequences and control characters that came from
// outside. Secrets are masked before it (event.Masked, package secret).
package report
