package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/secret"
)

// Operations go in the reverse order of needs, and each tells what it came to.
func TestOperate(t *testing.T) {
	units := []config.Unit{{Name: "redis"}, {Name: "cart", Service: true, Needs: []string{"redis"}}}
	var order, kinds []string
	log := event.NewLog(nil, func(e event.Event) {
		if e.Kind == event.Planned {
			kinds = append(kinds, e.Service+" "+string(e.Unit))
		}
	})
	none := func(config.Unit) *secret.Set { return secret.NewSet() }
	op := func(_ context.Context, u config.Unit, _ event.Span) (deployer.Outcome, error) {
		order = append(order, u.Name)
		if u.Name == "redis" {
			return deployer.Outcome{}, errors.New("it is held")
		}
		return deployer.Outcome{Status: event.Passed}, nil
	}
	code := Operate(t.Context(), log, &config.Resolved{}, "uninstall", units, none, op)
	if code != exitcode.NotRolledBack || strings.Join(order, " ") != "cart redis" {
		t.Errorf("exit code %d, in the order %v", code, order)
	}
	if got := strings.Join(kinds, ", "); got != "cart service, redis release" {
		t.Error(got)
	}
}

func TestIfDeployed(t *testing.T) {
	outcome, err := IfDeployed(deployer.Outcome{}, fmt.Errorf("release web: %w", release.ErrNotFound))
	if err != nil || outcome.Status != event.Unchanged {
		t.Errorf("one that is not there: %+v, %v", outcome, err)
	}
	refused := errors.New("refused")
	if outcome, err = IfDeployed(deployer.Outcome{Status: event.Failed}, refused); !errors.Is(err, refused) || outcome.Status != event.Failed {
		t.Errorf("another failure: %+v, %v", outcome, err)
	}
}
