package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	urfave "github.com/urfave/cli/v2"
)

func TestReorder(t *testing.T) {
	app := &urfave.App{
		Name:  "pintle",
		Flags: []urfave.Flag{&urfave.BoolFlag{Name: "debug"}, &urfave.StringFlag{Name: "color"}},
		Commands: []*urfave.Command{
			{Name: "run", Flags: []urfave.Flag{&urfave.StringFlag{Name: "environment", Aliases: []string{"e"}}}},
			{Name: "sandbox", SkipFlagParsing: true},
			{Name: "chart", Subcommands: []*urfave.Command{{Name: "template", Flags: []urfave.Flag{
				&urfave.StringFlag{Name: "namespace", Aliases: []string{"n"}}, &urfave.StringSliceFlag{Name: "values", Aliases: []string{"f"}},
				&urfave.StringSliceFlag{Name: "set"}, &urfave.BoolFlag{Name: "include-crds"},
			}}}},
		},
	}
	for _, c := range []struct{ in, want string }{
		{"pintle", "pintle"},
		{"pintle --version", "pintle --version"},
		{"pintle chart template web ./chart -n prod -f v.yaml", "pintle chart template --namespace prod --values v.yaml web ./chart"},
		{"pintle chart template web c -f a --values b -f=c", "pintle chart template --values a --values b --values=c web c"},
		{"pintle chart template -n prod web ./chart --include-crds", "pintle chart template --namespace prod --include-crds web ./chart"},
		{"pintle chart template web c --set a=-1 --set=b=2", "pintle chart template --set a=-1 --set=b=2 web c"},
		{"pintle run web --debug -e prod cart", "pintle --debug run --environment prod web cart"},
		{"pintle --color never run cart", "pintle --color never run cart"},
		{"pintle run -- -e x", "pintle run -- -e x"},
		{"pintle run web --unknown -e prod", "pintle run --unknown --environment prod web"},
		{"pintle sandbox run --name a -- make test --debug", "pintle sandbox run --name a -- make test --debug"},
		{"pintle chart template web - -f -", "pintle chart template --values - web -"},
		{"pintle chart template run sandbox", "pintle chart template run sandbox"},
		{"pintle nosuch -x y", "pintle -x nosuch y"},
		{"pintle chart template web c -n", `pintle chart template: flag needs an argument: -n: see "pintle chart template --help"`},
		{"pintle chart template web c --set", `pintle chart template: flag needs an argument: --set: see "pintle chart template --help"`},
		{"pintle run web --color", `pintle run: flag needs an argument: --color: see "pintle run --help"`},
		{"pintle chart template web c --namespace=", "pintle chart template --namespace= web c"},
		{"pintle chart template web c --include-crds", "pintle chart template --include-crds web c"},
		{"pintle run -- -e", "pintle run -- -e"},
		{"pintle --help", "help for "},
		{"pintle run web -h", "help for run"},
		{"pintle chart template --namespace -h web c", "pintle chart template --namespace -h web c"},
		{"pintle help chart template", "help for chart template"},
		{"pintle sandbox --help", "pintle sandbox --help"},
		{"pintle run -- --help", "pintle run -- --help"},
		{"pintle sandbox -n", "pintle sandbox -n"},
	} {
		words, err := Reorder(app, strings.Fields(c.in))
		got := strings.Join(words, " ")
		if err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s:\n%s", c.in, diff)
		}
	}
}

// TestReorderKeepsEmpty passes a value that is there and empty: -n "".
func TestReorderKeepsEmpty(t *testing.T) {
	app := &urfave.App{Commands: []*urfave.Command{{Name: "run", Flags: []urfave.Flag{&urfave.StringFlag{Name: "environment", Aliases: []string{"e"}}}}}}
	got, err := Reorder(app, []string{"pintle", "run", "web", "-e", ""})
	if diff := cmp.Diff([]string{"pintle", "run", "--environment", "", "web"}, got); diff != "" || err != nil {
		t.Errorf("%s, %v", diff, err)
	}
}
