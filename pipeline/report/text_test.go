package report

import (
	"strings"
	"testing"
)

func TestLine(t *testing.T) {
	if got := line("two\nlines\t and  more", 100); got != "two lines and more" {
		t.Errorf("got %q", got)
	}
	if got := line(strings.Repeat("é", 10), 10); got != "ééé..." {
		t.Errorf("got %q", got)
	}
}

func TestCells(t *testing.T) {
	tests := []struct {
		in   string
		want int
	}{
		{"", 0}, {"cart", 4}, {"购物车", 6}, {"ｃａｒｔ", 8}, {"café", 4}, {"cafe\u0301", 4}, {"a\u200bb", 2}, {"🛒", 2}, {"한국", 4},
	}
	for _, tt := range tests {
		if got := cells(tt.in); got != tt.want {
			t.Errorf("cells(%q) = %d, want %d", tt.in, got, tt.want)
		}
	}
}

func TestFit(t *testing.T) {
	tests := []struct {
		in   string
		n    int
		want string
	}{
		{"cart", 4, "cart"}, {"basket", 4, "ba.."}, {"购物车", 6, "购物车"}, {"购物车", 5, "购.."}, {"购物车", 4, "购.."}, {"cart", 1, "."}, {"cart", 0, ""},
	}
	for _, tt := range tests {
		got := fit(tt.in, tt.n)
		if got != tt.want || cells(got) > tt.n {
			t.Errorf("fit(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}

func TestDuration(t *testing.T) {
	tests := []struct {
		in   float64
		want string
	}{
		{0, "0s"}, {0.0404, "40ms"}, {0.9994, "999ms"}, {0.9996, "1.0s"}, {12.34, "12.3s"}, {59.94, "59.9s"}, {59.96, "1m00s"},
		{125, "2m05s"}, {3599.9, "1h00m"}, {3720, "1h02m"}, {-5, "0s"},
	}
	for _, tt := range tests {
		if got := duration(tt.in); got != tt.want {
			t.Errorf("duration(%v) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestColumnsAgreeWithEveryService(t *testing.T) {
	service := func(steps ...string) *Service {
		s := &Service{}
		for _, name := range steps {
			s.Steps = append(s.Steps, &Step{Name: name})
		}
		return s
	}
	run := Run{Services: []*Service{
		service("plan", "deploy"), service("version", "lint", "push", "plan", "deploy", "test"), service("lint", "sign", "push"),
	}}
	if got, want := strings.Join(run.columns(), " "), "version lint sign push plan deploy test"; got != want {
		t.Errorf("columns %q, want %q", got, want)
	}
}

func TestTicks(t *testing.T) {
	for _, total := range []float64{0.001, 0.04, 0.3, 1, 7, 14.1, 59, 60, 89, 90, 601, 3700, 86400, maxSeconds} {
		got := ticks(total)
		if len(got) < 2 || len(got) > 10 || got[0].At != 0 {
			t.Errorf("%v seconds have %d ticks: %v", total, len(got), got)
		}
	}
}
