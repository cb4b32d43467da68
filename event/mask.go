package event

// masked is the event with mask applied to all the text that a run's objects and
// tools can have put there.
func (e Event) masked(mask func(string) string) Event {
	for _, field := range []*string{&e.Message, &e.Details, &e.Object, &e.Version} {
		*field = mask(*field)
	}
	return e
}

// Masked returns a sink that hands every event on to next as mask leaves it.
func Masked(mask func(string) string, next Sink) Sink {
	return func(e Event) { next(e.masked(mask)) }
}

// Masked is the span with everything that it tells as mask leaves it, and what it
// did before.
func (s Span) Masked(mask func(string) string) Span {
	if before := s.mask; before != nil {
		s.mask = func(text string) string { return before(mask(text)) }
	} else {
		s.mask = mask
	}
	return s
}

// Masked is the result as mask leaves it.
func (r Result) Masked(mask func(string) string) Result {
	r.Message, r.Details, r.Version = mask(r.Message), mask(r.Details), mask(r.Version)
	return r
}
