package unittest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"

	"go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/internal/files"
)

// snapshots are what tests rendered when their snapshots were taken: by the
// test's name and the number of the comparison in it, from 1, a YAML text.
type snapshots map[string]map[uint]string

const (
	snapshotFolder  = "__snapshot__"
	maxSnapshotFile = 64 << 20 // bytes
)

// snapshotFile is where the snapshots of a suite are.
func (s *Suite) snapshotFile() string {
	name := filepath.Base(s.File)
	if s.SnapshotID != "" {
		name += "_" + s.SnapshotID
	}
	return filepath.Join(filepath.Dir(s.File), snapshotFolder, name+".snap")
}

// readSnapshots reads a snapshot file; one that does not exist has none.
func readSnapshots(tree files.Tree, file string) (snapshots, error) {
	data, err := tree.ReadFile(file, maxSnapshotFile)
	if errors.Is(err, fs.ErrNotExist) {
		return snapshots{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("snapshots %s: %w", file, err)
	}
	all := snapshots{}
	if err := yaml.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("snapshots %s: %w; remove the file and take them again", file, err)
	}
	return all, nil
}

// write replaces a snapshot file.
func (s snapshots) write(tree files.Tree, file string) error {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(s); err != nil {
		return err
	}
	if _, err := tree.Make(filepath.Dir(file)); err != nil {
		return err
	}
	return tree.WriteFile(file, b.Bytes(), 0o644)
}

// comparer compares what one test renders with its snapshots, in order.
type comparer struct {
	known  map[uint]string
	update bool
	count  uint
	taken  []taken
}

// taken is one snapshot after a test.
type taken struct {
	text  string // what is to be kept
	state snapshotState
}

type snapshotState int

const (
	snapshotSame snapshotState = iota
	snapshotNew
	snapshotDiffers
)

// snapshotOptions are conditions that replace the comparison.
type snapshotOptions struct {
	match, notMatch *regexp.Regexp
}

// compare takes the next snapshot and compares it with the known one. There
// being none is fine, and so is a difference if snapshots are updated.
func (c *comparer) compare(v any, options snapshotOptions) verdict {
	c.count++
	text, err := marshal(v)
	if err != nil {
		return verdict{fatal: err.Error()}
	}
	known, exists := c.known[c.count]
	keep := taken{text: known}
	if !exists || c.update {
		keep.text = text
	}
	out := verdict{holds: true, opposed: fmt.Sprintf("it must not match its snapshot %d", c.count)}
	switch {
	case !exists:
		keep.state = snapshotNew
	case text != known && options == snapshotOptions{}:
		keep.state = snapshotDiffers
		out.holds = false
		out.message = fmt.Sprintf("it differs from its snapshot %d", c.count)
		out.diff = diffLines(known, text)
	}
	if options.match != nil && !options.match.MatchString(text) {
		out.holds, out.message = false, fmt.Sprintf("its snapshot does not match %s", options.match)
	} else if options.notMatch != nil && options.notMatch.MatchString(text) {
		out.holds, out.message = false, fmt.Sprintf("its snapshot must not match %s", options.notMatch)
	}
	out.holds = out.holds || c.update
	c.taken = append(c.taken, keep)
	return out
}

// SnapshotCounts are how many snapshots were compared and what became of them.
type SnapshotCounts struct {
	Compared int
	New      int // written
	Failed   int // different from what was rendered
	Updated  int // different, and replaced
	Obsolete int // no assertion asks for them; removed in an update
}

func (c *SnapshotCounts) add(d SnapshotCounts) {
	c.Compared += d.Compared
	c.New += d.New
	c.Failed += d.Failed
	c.Updated += d.Updated
	c.Obsolete += d.Obsolete
}

// snapshotBook is one snapshot file and the tests that use it.
type snapshotBook struct {
	tree  files.Tree // that the file must be in
	file  string
	known snapshots
	next  snapshots
	done  map[string]bool // tests that were run to their end
}

func openBook(tree files.Tree, file string) (*snapshotBook, error) {
	known, err := readSnapshots(tree, file)
	if err != nil {
		return nil, err
	}
	return &snapshotBook{tree: tree, file: file, known: known, next: snapshots{}, done: map[string]bool{}}, nil
}

// note takes over the snapshots of a test that was run.
func (b *snapshotBook) note(test string, all []taken, update bool) SnapshotCounts {
	var n SnapshotCounts
	b.done[test] = true
	for i, t := range all {
		n.Compared++
		switch {
		case t.state == snapshotNew:
			n.New++
		case t.state == snapshotDiffers && update:
			n.Updated++
		case t.state == snapshotDiffers:
			n.Failed++
		}
		if b.next[test] == nil {
			b.next[test] = map[uint]string{}
		}
		b.next[test][uint(i+1)] = t.text
	}
	return n
}

// close writes the file if snapshots came or changed. Those that no assertion
// asks for any more go in an update; those of tests that were not run stay.
func (b *snapshotBook) close(n SnapshotCounts, update bool) (obsolete int, err error) {
	for test, numbers := range b.known {
		for number, text := range numbers {
			if _, ok := b.next[test][number]; ok {
				continue
			}
			gone := !b.left(test)
			if gone {
				obsolete++
			}
			if gone && update {
				continue
			}
			if b.next[test] == nil {
				b.next[test] = map[uint]string{}
			}
			b.next[test][number] = text
		}
	}
	if n.New+n.Updated == 0 && (obsolete == 0 || !update) {
		return obsolete, nil
	}
	if err := b.next.write(b.tree, b.file); err != nil {
		return obsolete, fmt.Errorf("write snapshots: %w", err)
	}
	return obsolete, nil
}

// leave keeps the snapshots of a test that was not run.
func (b *snapshotBook) leave(test string) {
	if !b.done[test] {
		b.done[test] = false
	}
}

// left reports whether a test exists that was not run.
func (b *snapshotBook) left(test string) bool {
	done, exists := b.done[test]
	return exists && !done
}
