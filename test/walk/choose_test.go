package walk_test

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/test/workbench"
)

// stride is one thing to do to the release, and how it must end.
type stride struct {
	name        string // what it does: install, upgrade, rollback, uninstall, test
	args        []string
	fails       bool
	by          string            // of a failure: selector, image, hook
	back        bool              // after a failure: back to what was, or to nothing
	labels      map[string]string // given
	description string            // given
	noHooks     bool
	keepHistory bool
	target      int // of a rollback: the revision to go to
	limit       int // of the history; 0 does not say
}

func (op *stride) add(args ...string) { op.args = append(op.args, args...) }

func (op *stride) has(arg string) bool { return slices.Contains(op.args, arg) }

// choose takes something that the state of the release allows.
func (w *walker) choose(who string) stride {
	last := workbench.Revision{}
	if n := len(w.history); n > 0 {
		last = w.history[n-1]
	}
	var choices []func(string) stride
	switch last.Status {
	case "":
		choices = []func(string) stride{w.install, w.install, w.upgradeInstall, w.failingInstall}
	case "uninstalled":
		choices = []func(string) stride{w.replace, w.upgradeInstall, w.uninstall, w.rollback}
	default:
		choices = []func(string) stride{
			w.upgrade, w.upgrade, w.upgrade, w.upgrade, w.upgradeInstall, w.failingUpgrade, w.failingUpgrade, w.failingUpgrade,
			w.rollback, w.rollBackOne, w.test, w.uninstall,
		}
		if last.Status == "failed" && !w.everDeployed() {
			choices = append(choices, w.replace, w.replace)
		}
	}
	for {
		if op := choices[w.r.IntN(len(choices))](who); op.name != "" {
			return op
		}
	}
}

// everDeployed reports whether a revision since the last uninstallation was.
func (w *walker) everDeployed() bool {
	ever := false
	for _, r := range w.history {
		switch r.Status {
		case "uninstalled":
			ever = false
		case "deployed", "superseded":
			ever = true
		}
	}
	return ever
}

func (w *walker) deployed() bool {
	return slices.ContainsFunc(w.history, func(r workbench.Revision) bool { return r.Status == "deployed" })
}

func (w *walker) some(words ...string) string { return words[w.r.IntN(len(words))] }

// chance is true once in n times.
func (w *walker) chance(n int) bool { return w.r.IntN(n) == 0 }

func (w *walker) version() string { return w.Charts[w.some("1.0.0", "1.1.0", "2.0.0")] }

// good adds values that let everything pass, at random where they may be.
func (w *walker) good(op *stride) {
	op.add("--set", "selector=one,image="+w.Images["ready"]+",hook="+w.Images["exit0"])
	for _, set := range []string{"greeting=" + w.some("hi", "hey", "ho"), "extra=" + w.some("true", "false"), "keep=" + w.some("true", "false"),
		"replicas=" + w.some("0", "1", "2"), "sub.enabled=" + w.some("true", "false"), "test=" + w.Images[w.some("exit0", "exit1")], "nested.b=null"} {
		if w.chance(2) {
			op.add("--set", set)
		}
	}
	if w.chance(3) {
		key, value := w.some("team", "tier"), w.some("shop", "null", "web")
		op.labels = map[string]string{key: value}
		op.add("--labels", key+"="+value)
	}
	w.described(op)
	if !op.fails && w.chance(8) {
		op.noHooks = true
		op.add("--no-hooks")
	}
}

func (w *walker) described(op *stride) {
	if w.chance(4) {
		op.description = w.some("one", "two words")
		op.add("--description", op.description)
	}
}

func (w *walker) waiting(op *stride) {
	if !w.chance(3) {
		op.add("--wait", "--timeout", "90s")
	}
}

// side is how Helm 4 is to apply.
func (w *walker) side(who string, op *stride, words ...string) {
	if who == "helm4" && w.chance(3) {
		op.add("--server-side=" + w.some(words...))
	}
}

func (w *walker) limited(op *stride) {
	if w.chance(3) {
		op.limit = 1 + w.r.IntN(5)
		op.add("--history-max", strconv.Itoa(op.limit))
	}
}

func (w *walker) install(who string) stride {
	op := stride{name: "install", args: []string{"install", "web", w.version()}}
	w.good(&op)
	w.waiting(&op)
	w.side(who, &op, "true", "false")
	return op
}

func (w *walker) replace(who string) stride {
	op := w.install(who)
	op.add("--replace")
	return op
}

// failingInstall fails by a hook or by an image, and goes away or stays.
func (w *walker) failingInstall(who string) stride {
	op := stride{name: "install", fails: true, by: w.some("image", "hook"), args: []string{"install", "web", w.version()}}
	w.good(&op)
	w.broken(&op)
	if w.chance(2) {
		w.turnBack(who, &op)
	}
	return op
}

// broken adds what makes an operation fail.
func (w *walker) broken(op *stride) {
	switch op.by {
	case "selector":
		op.add("--set", "selector=two", "--timeout", "20s")
	case "hook":
		op.add("--set", "hook="+w.Images["exit1"], "--timeout", "20s")
	case "image":
		op.add("--set", "image="+w.Images["never"]+",replicas=1", "--wait", "--timeout", "4s")
	}
}

func (w *walker) turnBack(who string, op *stride) {
	op.back = true
	op.add("--timeout", "40s") // the way back has as long, also on a busy machine
	op.add(map[string]string{"helm3": "--atomic", "helm4": "--rollback-on-failure", "pintle": w.some("--atomic", "--rollback-on-failure")}[who])
}

func (w *walker) upgradeInstall(who string) stride {
	op := w.upgrade(who)
	op.add("--install")
	n := len(w.history)
	if n > 1 && w.history[n-1].Status == "uninstalled" && who == "helm3" {
		return stride{} // it may take an older revision for the newest, and refuses
	}
	if n == 0 || w.history[n-1].Status == "uninstalled" {
		op.name = "install"
	}
	return op
}

func (w *walker) upgrade(who string) stride {
	op := stride{name: "upgrade", args: []string{"upgrade", "web", w.version()}}
	w.good(&op)
	w.waiting(&op)
	if how := w.some("", "", "--reuse-values", "--reset-values", "--reset-then-reuse-values"); how != "" {
		op.add(how)
	}
	if n := len(w.history); n > 0 && w.history[n-1].Status == "deployed" {
		w.side(who, &op, "true", "false", "auto")
	}
	w.limited(&op)
	return op
}

func (w *walker) failingUpgrade(who string) stride {
	op := stride{name: "upgrade", fails: true, by: w.some("selector", "image", "hook"), args: []string{"upgrade", "web", w.version()}}
	if !w.deployed() && op.by == "selector" {
		return stride{} // nobody knows whether there is an object to refuse it
	}
	w.good(&op)
	w.broken(&op)
	switch w.r.IntN(3) {
	case 0:
		op.add("--cleanup-on-fail")
	case 1:
		if w.deployed() {
			w.turnBack(who, &op)
		}
	}
	return op
}

// rollback goes to a revision that was good once.
func (w *walker) rollback(string) stride {
	var good []int
	for i, r := range w.history {
		ran := !strings.Contains(r.Description, " failed: ") // Helm calls a failed install superseded by an upgrade
		if ran && (i < len(w.history)-1 && r.Status == "superseded" || r.Status == "uninstalled") {
			good = append(good, r.Revision)
		}
	}
	if len(good) == 0 {
		return stride{}
	}
	op := stride{name: "rollback", target: good[w.r.IntN(len(good))]}
	op.add("rollback", "web", strconv.Itoa(op.target))
	return w.backwards(op)
}

func (w *walker) backwards(op stride) stride {
	w.waiting(&op)
	w.limited(&op)
	if w.chance(8) {
		op.noHooks = true
		op.add("--no-hooks")
	}
	return op
}

// rollBackOne names no revision: Helm goes to the one before the newest, and only where that was good are the two the
// same.
func (w *walker) rollBackOne(who string) stride {
	n := len(w.history)
	op := stride{name: "rollback", args: []string{"rollback", "web"}}
	for _, r := range slices.Backward(w.history[:n-1]) {
		if r.Status == string(release.Superseded) || r.Status == string(release.Deployed) {
			op.target = r.Revision
			if strings.Contains(r.Description, " failed: ") {
				return stride{}
			}
			break
		}
	}
	if op.target == 0 || who != "pintle" && op.target != w.history[n-1].Revision-1 {
		return stride{}
	}
	return w.backwards(op)
}

func (w *walker) uninstall(string) stride {
	op := stride{name: "uninstall", args: []string{"uninstall", "web"}}
	if n := len(w.history); w.r.IntN(3) > 0 && w.history[n-1].Status != "uninstalled" {
		op.keepHistory = true
		op.add("--keep-history")
		w.described(&op)
	}
	if w.chance(2) {
		op.add("--wait")
	}
	return op
}

// test must fail where the first of the tests does.
func (w *walker) test(string) stride {
	if w.history[len(w.history)-1].Status != "deployed" {
		return stride{}
	}
	var values struct{ Test string }
	w.decode(w.Pintle("get", "values", "web", "-a", "-o", "json"), &values)
	return stride{name: "test", args: []string{"test", "web", "--timeout", "60s"}, fails: strings.HasSuffix(values.Test, w.Images["exit1"])}
}
