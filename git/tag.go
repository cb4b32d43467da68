package git

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Tag is an annotated tag to be made.
type Tag struct {
	Name    string
	Commit  string // full hash
	Message string
	Sign    bool // with the key that git's configuration names; tag.gpgSign signs without it too
}

// Ref is what a tag stands for.
type Ref struct {
	Object string // the tag object, or the commit of a lightweight tag
	Commit string // the commit behind it
}

// Local looks a tag up in this clone; ok is false where there is none.
func (r *Repository) Local(ctx context.Context, name string) (ref Ref, ok bool, err error) {
	out, err := r.run(ctx, "", "for-each-ref", "--format=%(refname) %(objectname) %(*objectname)", "refs/tags/"+name)
	fields := strings.Fields(out)
	if err != nil || len(fields) < 2 || fields[0] != "refs/tags/"+name {
		return Ref{}, false, err
	}
	return Ref{Object: fields[1], Commit: fields[len(fields)-1]}, true, nil
}

// Create makes a tag in this clone and returns its object. It never moves one.
func (r *Repository) Create(ctx context.Context, t Tag) (string, error) {
	kind := "--annotate"
	if t.Sign {
		kind = "--sign"
	}
	if _, err := r.run(ctx, t.Message, "tag", kind, "--cleanup=whitespace", "--file=-", "--", t.Name, t.Commit); err != nil {
		return "", err
	}
	ref, _, err := r.Local(ctx, t.Name)
	return ref.Object, err
}

// Remove takes a tag out of this clone, if it still is this object.
func (r *Repository) Remove(ctx context.Context, name, object string) error {
	_, err := r.run(ctx, "", "update-ref", "-d", "refs/tags/"+name, object)
	return err
}

// Remote is the name of the remote to push to: the one given, else the branch's, else origin, else the only one.
func (r *Repository) Remote(ctx context.Context, given, branch string) (string, error) {
	out, err := r.run(ctx, "", "remote")
	if err != nil {
		return "", err
	}
	names := strings.Fields(out)
	switch {
	case given != "" && slices.Contains(names, given):
		return given, nil
	case given != "":
		return "", fmt.Errorf("there is no remote %q: git remote shows %s", given, cutList(names))
	case branch != "":
		if name := r.config(ctx, "branch."+branch+".remote"); slices.Contains(names, name) {
			return name, nil
		}
	}
	switch {
	case len(names) == 0:
		return "", errors.New("there is no remote to push to; add one with \"git remote add origin ADDRESS\", or pass --no-push")
	case slices.Contains(names, "origin"):
		return "origin", nil
	case len(names) == 1:
		return names[0], nil
	}
	return "", fmt.Errorf("no remote is named origin, and git remote shows %s; pass --remote NAME", cutList(names))
}

func cutList(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names[:min(len(names), 5)], ", ")
}

// LocalTags are the tags of this clone, by name.
func (r *Repository) LocalTags(ctx context.Context) (map[string]Ref, error) {
	out, err := r.run(ctx, "", "for-each-ref", "--format=%(refname) %(objectname) %(*objectname)", "refs/tags/")
	if err != nil {
		return nil, err
	}
	tags := map[string]Ref{}
	for line := range strings.Lines(out) {
		if fields := strings.Fields(line); len(fields) >= 2 {
			tags[strings.TrimPrefix(fields[0], "refs/tags/")] = Ref{Object: fields[1], Commit: fields[len(fields)-1]}
		}
	}
	return tags, nil
}

// RemoteTags asks the remote for its tags whose names match the patterns of git ls-remote ("cart/v*"), by name.
func (r *Repository) RemoteTags(ctx context.Context, remote string, patterns []string) (map[string]Ref, error) {
	args := []string{"ls-remote", "--quiet", "--tags", "--", remote}
	for _, p := range patterns {
		args = append(args, "refs/tags/"+p, "refs/tags/"+p+"^{}")
	}
	out, err := r.run(ctx, "", args...)
	if err != nil {
		return nil, err
	}
	tags := map[string]Ref{}
	for line := range strings.Lines(out) {
		hash, full, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "\t")
		name, isTag := strings.CutPrefix(full, "refs/tags/")
		name, peeled := strings.CutSuffix(name, "^{}")
		if !ok || !isTag || !isHash(hash) || strings.ContainsFunc(name, unicode.IsControl) {
			continue
		}
		ref := tags[name]
		if peeled {
			ref.Commit = hash
		} else {
			ref.Object = hash
			if ref.Commit == "" {
				ref.Commit = hash
			}
		}
		tags[name] = ref
	}
	return tags, nil
}

func isHash(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

// fetchBatch is how many tags one git fetch is asked for: arguments have a limit.
const fetchBatch = 500

// FetchTags brings tags of the remote into this clone. It moves none.
func (r *Repository) FetchTags(ctx context.Context, remote string, names []string) error {
	for batch := range slices.Chunk(names, fetchBatch) {
		args := []string{"fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--", remote}
		for _, name := range batch {
			args = append(args, "refs/tags/"+name+":refs/tags/"+name)
		}
		if _, err := r.run(ctx, "", args...); err != nil {
			return err
		}
	}
	return nil
}

// RejectedError says that the remote took nothing of a push.
type RejectedError struct {
	Refs []string // the full names that were refused, with the reason in parentheses
	Err  error
}

// Error is one line.
func (e *RejectedError) Error() string {
	return fmt.Sprintf("%v: %s", e.Err, strings.Join(e.Refs, ", "))
}

// Unwrap is git's own error.
func (e *RejectedError) Unwrap() error { return e.Err }

// Push pushes tags, which the remote must not have yet, and HEAD to a branch when one is named: all of them or none. The
// remote compares and sets, so of two that push the same tag one wins. Error: *RejectedError where a ref was refused.
func (r *Repository) Push(ctx context.Context, remote string, tags []string, branch string) error {
	args := []string{"push", "--porcelain", "--atomic", "--no-follow-tags", "--recurse-submodules=no"}
	var refs []string
	for _, name := range tags {
		ref := "refs/tags/" + name
		args = append(args, "--force-with-lease="+ref+":")
		refs = append(refs, ref+":"+ref)
	}
	if branch != "" {
		refs = append(refs, "HEAD:refs/heads/"+branch)
	}
	out, err := r.run(ctx, "", slices.Concat(args, []string{"--", remote}, refs)...)
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*Error](err); !ok {
		return err
	}
	var refused []string
	for line := range strings.Lines(out) {
		fields := strings.SplitN(strings.TrimRight(line, "\r\n"), "\t", 3)
		if len(fields) == 3 && fields[0] == "!" {
			_, to, _ := strings.Cut(fields[1], ":")
			refused = append(refused, Complaint(to+" "+fields[2]))
		}
	}
	if len(refused) == 0 {
		return err
	}
	return &RejectedError{Refs: refused, Err: err}
}
