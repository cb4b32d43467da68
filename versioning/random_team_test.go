package versioning

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"
	"github.com/pintle-ci/pintle/git/gittest"
	"github.com/pintle-ci/pintle/test/long"
)

// team is a random history of a team that keeps to the rules (facts/git-ci-canary.md 1.5): it tags the version that is
// announced or a greater one, forks release/X.Y where X.Y.0 is announced, tags that line there, and merges it back once
// it has a release. Features are forked, brought up to date and merged at any time, fixes are forked of release lines
// and merged there; clocks run backwards.
type team struct {
	name    string
	rnd     *rand.Rand
	commits []teamCommit
	tips    map[string]int
	tags    []teamTag
	number  int // of features
}

// teamCommit is a commit; ancestors is a set of commits, itself among them.
type teamCommit struct {
	branch    string
	parents   []int
	ancestors uint64
	message   string
}

type teamTag struct {
	version *semver.Version
	at      int
}

// teamSize is how many commits a history has: the bits of a set.
const teamSize = 48

func newTeam(name string, rnd *rand.Rand) *team {
	h := &team{name: name, rnd: rnd, tips: map[string]int{}}
	h.commit("main", "start")
	for len(h.commits) < teamSize {
		h.act()
	}
	return h
}

func (h *team) commit(branch, message string, others ...int) {
	c := teamCommit{branch: branch, message: message, ancestors: 1 << len(h.commits)}
	if tip, ok := h.tips[branch]; ok {
		c.parents = append(c.parents, tip)
	}
	c.parents = append(c.parents, others...)
	for _, parent := range c.parents {
		c.ancestors |= h.commits[parent].ancestors
	}
	h.commits = append(h.commits, c)
	h.tips[branch] = len(h.commits) - 1
}

func (h *team) act() {
	message := []string{"fix: x", "chore: x", "x", "feat: x", "feat: y", "feat!: x"}[h.rnd.IntN(6)]
	if strings.Contains(message, "!") && h.rnd.IntN(4) > 0 {
		message = "docs: x"
	}
	main := h.tips["main"]
	feature, release := h.some("feature/"), h.some("release/")
	switch n := h.rnd.IntN(100); {
	case n < 35:
		h.commit("main", message)
	case n < 42:
		h.number++
		h.commit(fmt.Sprintf("feature/%d", h.number), message, main)
	case n < 52 && feature != "":
		h.commit(feature, message)
	case n < 56 && feature != "" && h.outside(main, h.tips[feature]):
		h.commit(feature, "Merge main", main)
	case n < 66 && feature != "":
		h.commit("main", "Merge "+feature, h.tips[feature])
		delete(h.tips, feature)
	case n < 73:
		h.fork(main)
	case n < 76 && release != "":
		h.commit(release, "fix: x")
	case n < 80 && release != "":
		h.fix(release)
	case n < 86 && release != "" && h.outside(h.tips[release], main) && h.released(release):
		h.commit("main", "Merge "+release, h.tips[release])
	case n < 93:
		if core := h.announced(main); h.tips[line(core)] == 0 && !h.tagged(main) {
			h.tag(core, main)
		}
	case release != "" && !h.tagged(h.tips[release]):
		h.tag(h.announcedOn(release), h.tips[release])
	}
}

// some picks a branch that there is.
func (h *team) some(prefix string) string {
	var names []string
	for name := range h.tips {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return names[h.rnd.IntN(len(names))]
}

func (h *team) outside(commit, of int) bool { return h.commits[of].ancestors&(1<<commit) == 0 }

func (h *team) tagged(commit int) bool {
	return slices.ContainsFunc(h.tags, func(t teamTag) bool { return t.at == commit })
}

func line(v *semver.Version) string { return fmt.Sprintf("release/%d.%d", v.Major(), v.Minor()) }

func (h *team) released(branch string) bool {
	return slices.ContainsFunc(h.tags, func(t teamTag) bool { return line(t.version) == branch && t.version.Prerelease() == "" })
}

// fork makes a release branch where its version is announced.
func (h *team) fork(at int) {
	core := h.announced(at)
	if _, ok := h.tips[line(core)]; ok || core.Patch() != 0 || h.tagged(at) {
		return
	}
	h.commit(line(core), "chore: begin", at)
}

// fix begins a branch of a release line, or ends the one that there is.
func (h *team) fix(release string) {
	name := strings.Replace(release, "release/", "fix/", 1)
	if tip, ok := h.tips[name]; ok && h.rnd.IntN(2) == 0 {
		h.commit(release, "Merge "+name, tip)
		delete(h.tips, name)
		return
	}
	var others []int
	if _, ok := h.tips[name]; !ok {
		others = append(others, h.tips[release])
	}
	h.commit(name, "fix: y", others...)
}

// tag releases a version or a candidate of it.
func (h *team) tag(core *semver.Version, at int) {
	if h.rnd.IntN(3) == 0 {
		n := 1
		for _, t := range h.tags {
			if coreVersion(t.version).Equal(core) {
				n++
			}
		}
		core = semver.New(core.Major(), core.Minor(), core.Patch(), fmt.Sprintf("rc.%d", n), "")
	}
	h.tags = append(h.tags, teamTag{core, at})
}

// highest is the highest tag that a commit reaches, below a limit where there is one.
func (h *team) highest(at int, limit *semver.Version) (base *teamTag) {
	for i, t := range h.tags {
		if !h.outside(t.at, at) && (limit == nil || t.version.LessThan(limit)) && (base == nil || base.version.LessThan(t.version)) {
			base = &h.tags[i]
		}
	}
	return base
}

// announced is the core that the rules give a commit of main.
func (h *team) announced(at int) *semver.Version {
	base := h.highest(at, nil)
	core := semver.New(0, 1, 0, "", "")
	if base != nil {
		core = coreVersion(base.version)
		if base.version.Prerelease() == "" {
			next := core.IncMinor()
			if since := h.commits[at].ancestors &^ h.commits[base.at].ancestors; h.breaking(since) && core.Major() > 0 {
				next = core.IncMajor()
			}
			core = &next
		}
	}
	for _, t := range h.tags {
		ahead := semver.New(t.version.Major(), t.version.Minor()+1, 0, "", "")
		left := h.outside(t.at, at) && h.outside(at, t.at)
		if left && (base == nil || base.version.LessThan(t.version)) && core.LessThan(ahead) {
			core = ahead
		}
	}
	return core
}

func (h *team) breaking(commits uint64) bool {
	for ; commits != 0; commits &= commits - 1 {
		if strings.Contains(h.commits[bits.TrailingZeros64(commits)].message, "!") {
			return true
		}
	}
	return false
}

// announcedOn is the core that the rules give the tip of a release branch.
func (h *team) announcedOn(branch string) *semver.Version {
	begin := semver.MustParse(strings.TrimPrefix(branch, "release/") + ".0")
	base := h.highest(h.tips[branch], semver.New(begin.Major(), begin.Minor()+1, 0, "0", ""))
	if base == nil || base.version.LessThan(begin) && coreVersion(base.version).LessThan(begin) {
		return begin
	}
	core := *coreVersion(base.version)
	if base.version.Prerelease() == "" {
		core = core.IncPatch()
	}
	return &core
}

// script is the history for git fast-import, with marks from first on.
func (h *team) script(b *strings.Builder, first int) {
	for i, c := range h.commits {
		date := 1_700_000_000 + 100*i - h.rnd.IntN(2)*h.rnd.IntN(900)
		fmt.Fprintf(b, "commit refs/heads/%s\nmark :%d\ncommitter A <a@x> %d +0000\ndata <<E\n%s\nE\n", h.name, first+i, date, c.message)
		for j, parent := range c.parents {
			fmt.Fprintf(b, "%s :%d\n", []string{"from", "merge"}[min(j, 1)], first+parent)
		}
		fmt.Fprintf(b, "M 100644 inline f\ndata <<E\n%s %d\nE\n", h.name, i)
	}
	for _, t := range h.tags {
		fmt.Fprintf(b, "reset refs/tags/%s/v%s\nfrom :%d\n\n", h.name, t.version, first+t.at)
	}
}

// What every version must be: SemVer 2 as its authors' pattern has it, an OCI tag, the value of a label, short.
var (
	semverPattern = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?$`)
	ociPattern    = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)
	labelValue    = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$`)
)

// Over random histories of teams that keep to the rules, made by git itself, every version is legal, stands for one
// commit, and rises along every edge: along main, a release branch and a feature branch, and from a feature into main
// and from main into a release branch. Excepted is a feature branch that takes in another candidate of a release: it
// counts from there anew. PINTLE_HISTORIES says how many (make histories: 10,000), PINTLE_SEED from where on.
func TestTeams(t *testing.T) {
	histories, seed := long.Rounds(t, "PINTLE_HISTORIES", 10, 10_000), long.Seed(t, "PINTLE_SEED")
	var sum teamSum
	const together = 100 // histories in a repository
	for from := 0; from < histories && !t.Failed(); from += together {
		r := gittest.New(t)
		var script strings.Builder
		var teams []*team
		for i := range min(together, histories-from) {
			n := seed + from + i
			h := newTeam(fmt.Sprintf("h%d", n), rand.New(rand.NewPCG(uint64(n), 3)))
			h.script(&script, 1+i*teamSize)
			teams = append(teams, h)
		}
		r.GitIn(r.Dir, script.String(), "fast-import", "--quiet", "--export-marks=.git/marks")
		r.Git("pack-refs", "--all")
		hashes := readMarks(t, r, len(teams)*teamSize)
		repository := openAt(t, r.Dir)
		for i, h := range teams {
			h.check(t, r, repository, hashes[i*teamSize:][:teamSize], &sum)
		}
	}
	t.Logf("seed %d: %d histories, %d commits, %d merges, %d tags, %d release branches, %d versions, %d of features, %d edges compared, %d excepted",
		seed, sum.histories, sum.commits, sum.merges, sum.tags, sum.lines, sum.versions, sum.features, sum.edges, sum.excepted)
}

type teamSum struct{ histories, commits, merges, tags, lines, versions, features, edges, excepted int }

func readMarks(t *testing.T, r *gittest.Repo, n int) []string {
	t.Helper()
	text, err := os.ReadFile(r.Dir + "/.git/marks")
	if err != nil {
		t.Fatal(err)
	}
	hashes := make([]string, n)
	for mark := range strings.Lines(string(text)) {
		number, hash, _ := strings.Cut(strings.TrimSpace(mark[1:]), " ")
		i, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal(err)
		}
		hashes[i-1] = hash
	}
	return hashes
}

func (h *team) check(t *testing.T, r *gittest.Repo, repository *Repository, hashes []string, sum *teamSum) {
	t.Helper()
	h.branches(t, r, hashes)
	versions, bases := make([]*semver.Version, len(h.commits)), make([]string, len(h.commits))
	seen := map[string]int{}
	for i, c := range h.commits {
		if err := os.WriteFile(filepath.Join(r.Dir, ".git", "HEAD"), []byte(hashes[i]+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		query := Query{Prefix: h.name + "/v", Ref: Ref{Branch: c.branch}}
		query.TrackReleases = query.Ref.TracksReleases(nil)
		facts, err := repository.Read(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		v, err := Next(facts, Rules{})
		if err != nil {
			t.Fatalf("%s, commit %d: %v", h.name, i, err)
		}
		if h.ofLine(i) && facts.Ahead != nil {
			t.Errorf("%s: commit %d of %s goes past its line: %s\n%s", h.name, i, c.branch, v, h)
		}
		if !semverPattern.MatchString(v.Number) || !ociPattern.MatchString(v.Number) || !labelValue.MatchString(v.Number) || len(v.Number) > MaxLength {
			t.Errorf("%s: version %q is not legal", h.name, v)
		}
		if other, ok := seen[v.Number]; ok {
			t.Errorf("%s: commits %d and %d are both %s", h.name, other, i, v)
		}
		seen[v.Number] = i
		versions[i], bases[i] = semver.MustParse(v.Number), v.Base
		sum.versions++
		sum.merges += max(len(c.parents)-1, 0)
	}
	h.checkFeatures(t, versions, sum)
	lines := map[string]bool{}
	for i, c := range h.commits {
		if strings.HasPrefix(c.branch, "release/") {
			lines[c.branch] = true
		}
		for _, p := range c.parents {
			if !rises(h.commits[p].branch, c.branch) {
				continue
			}
			if strings.HasPrefix(c.branch, "feature/") && bases[p] != bases[i] && strings.Contains(bases[i], "-") {
				sum.excepted++
				continue
			}
			sum.edges++
			if !versions[p].LessThan(versions[i]) {
				t.Errorf("%s: commit %d (%s) is %s, and its parent %d (%s) %s\n%s", h.name, i, c.branch, versions[i], p, h.commits[p].branch, versions[p], h)
			}
		}
	}
	sum.histories, sum.commits, sum.tags, sum.lines = sum.histories+1, sum.commits+len(h.commits), sum.tags+len(h.tags), sum.lines+len(lines)
}

// ofLine reports whether a commit is of a fix that can be told from a feature: its line has a tag that it reaches, or
// trunk has not taken the line in.
func (h *team) ofLine(commit int) bool {
	name, ok := strings.CutPrefix(h.commits[commit].branch, "fix/")
	if !ok {
		return false
	}
	tagged := slices.ContainsFunc(h.tags, func(t teamTag) bool {
		return line(t.version) == "release/"+name && h.commits[t.at].branch != "main" && !h.outside(t.at, commit)
	})
	own := h.commits[commit].ancestors &^ h.commits[h.tips["main"]].ancestors
	for ; own != 0 && !tagged; own &= own - 1 {
		tagged = h.commits[bits.TrailingZeros64(own)].branch == "release/"+name
	}
	return tagged
}

// branches gives the repository the trunk and the release branches of one history.
func (h *team) branches(t *testing.T, r *gittest.Repo, hashes []string) {
	t.Helper()
	heads := filepath.Join(r.Dir, ".git", "refs", "heads")
	if err := os.RemoveAll(heads); err != nil {
		t.Fatal(err)
	}
	for name, tip := range h.tips {
		if name == "main" || strings.HasPrefix(name, "release/") {
			r.Write(".git/refs/heads/"+name, hashes[tip]+"\n")
		}
	}
}

// checkFeatures holds builds of features against trunk's: they have at least its X.Y.Z where they left it last, for one
// X.Y.Z they sort below all of its builds, and they sort above what release lines have released beside them.
func (h *team) checkFeatures(t *testing.T, versions []*semver.Version, sum *teamSum) {
	t.Helper()
	for i, c := range h.commits {
		if !strings.HasPrefix(c.branch, "feature/") {
			continue
		}
		sum.features++
		left := 0
		for j, m := range h.commits {
			if m.branch != "main" {
				continue
			}
			if !h.outside(j, i) {
				left = j
			}
			if coreVersion(versions[j]).Equal(coreVersion(versions[i])) && !versions[i].LessThan(versions[j]) {
				t.Errorf("%s: commit %d (%s) is %s, and does not sort below main's %s\n%s", h.name, i, c.branch, versions[i], versions[j], h)
			}
		}
		if coreVersion(versions[i]).LessThan(coreVersion(versions[left])) {
			t.Errorf("%s: commit %d (%s) is %s, and main where it left %s\n%s", h.name, i, c.branch, versions[i], versions[left], h)
		}
		for _, tag := range h.tags {
			if h.commits[tag.at].branch != "main" && h.outside(i, tag.at) && versions[i].LessThan(tag.version) {
				t.Errorf("%s: commit %d (%s) is %s, below %s of a release line\n%s", h.name, i, c.branch, versions[i], tag.version, h)
			}
		}
	}
}

// rises reports whether a version must rise from a commit of one branch to its child on another. Into a feature branch it
// falls: its builds sort below all others. So it does from a release branch into main, which is the next minor
// version's.
func rises(from, to string) bool {
	feature := strings.HasPrefix(from, "feature/")
	return from == to && !strings.HasPrefix(to, "fix/") || feature && to == "main" || from == "main" && strings.HasPrefix(to, "release/")
}

func (h *team) String() string {
	var b strings.Builder
	for i, c := range h.commits {
		fmt.Fprintf(&b, "%d %s %v %s", i, c.branch, c.parents, c.message)
		for _, t := range h.tags {
			if t.at == i {
				fmt.Fprintf(&b, " [%s]", t.version)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
