package bump

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
	"github.com/pintle-ci/pintle/internal/yaml/edit"
)

// Reference is an image that values.yaml names at any place.
type Reference struct {
	// Path leads to a mapping with tag (and repository, registry, digest), to a text HOST/NAME:TAG, or to a tag alone,
	// whose key is then "tag" or ends in "Tag". A step "*" stands for every entry of a mapping or a list.
	Path []string
	// Repository is the image without a tag; empty keeps the one that is there.
	Repository string
	Tag        string
}

// maxReferences bounds what the "*" of a path may stand for.
const maxReferences = 1000

// imageReference splits what values.yaml may hold as a text: HOST/NAME, then :TAG, then @DIGEST.
var imageReference = lazyregexp.New(`^((?:[^/@\s]+/)*[^/:@\s]+)(?::([\w][\w.-]{0,127}))?(@[a-z0-9]+:[0-9a-f]+)?$`)

// bumpImages writes the image and the references into a values.yaml.
func bumpImages(src []byte, o Options) ([]byte, error) {
	if o.Image == nil && len(o.Images) == 0 {
		return src, nil
	}
	docs, err := edit.Parse(src)
	if err != nil {
		return nil, err
	}
	edits, err := imageEdits(docs, o.Image)
	if err != nil {
		return nil, err
	}
	for _, reference := range o.Images {
		more, err := referenceEdits(docs, reference)
		if err != nil {
			return nil, err
		}
		edits = append(edits, more...)
	}
	return edit.SetIn(src, docs, edits)
}

// imageEdits are those of a service's own image. Where both paths lead below one key, what stands there decides the
// form.
func imageEdits(docs []*yaml.Node, image *Image) ([]edit.Change, error) {
	if image == nil {
		return nil, nil
	}
	repository, tag := pathOr(image.RepositoryPath, "image", "repository"), pathOr(image.TagPath, "image", "tag")
	above := tag[:len(tag)-1]
	if slices.Equal(repository, slices.Concat(above, []string{"repository"})) && tag[len(tag)-1] == "tag" && image.Tag != "" && len(above) > 0 {
		return formEdits(docs, above, image.Repository, image.Tag)
	}
	var edits []edit.Change
	if image.Repository != "" {
		edits = append(edits, edit.Change{Path: repository, Value: image.Repository})
	}
	if image.Tag != "" {
		edits = append(edits, edit.Change{Path: tag, Value: image.Tag})
	}
	return edits, nil
}

// referenceEdits are those of one reference, its wildcards expanded.
func referenceEdits(docs []*yaml.Node, r Reference) ([]edit.Change, error) {
	paths, err := expand(docs, r.Path)
	if err != nil {
		return nil, err
	}
	var edits []edit.Change
	for _, path := range paths {
		more, err := formEdits(docs, path, r.Repository, r.Tag)
		if err != nil {
			return nil, err
		}
		edits = append(edits, more...)
	}
	return edits, nil
}

// formEdits finds out in which form an image stands at path.
func formEdits(docs []*yaml.Node, path []string, repository, tag string) ([]edit.Change, error) {
	last := path[len(path)-1]
	if last == "tag" || strings.HasSuffix(last, "Tag") {
		return []edit.Change{{Path: path, Value: tag}}, nil
	}
	f, err := edit.Find(docs, path)
	switch {
	case err == nil && f.Value.Kind == yaml.ScalarNode && f.Value.ShortTag() == "!!str":
		text, err := retagged(f.Value.Value, repository, tag)
		if err != nil {
			return nil, &edit.Error{Path: strings.Join(path, "."), Line: f.Line(), Err: err}
		}
		return []edit.Change{{Path: path, Value: text}}, nil
	case err == nil && f.Value.Kind == yaml.MappingNode:
		return mappingEdits(f.Value, path, repository, tag)
	}
	return slices.Concat(optional(path, "repository", repository), optional(path, "tag", tag)), nil // which say what is wrong
}

func optional(path []string, key, value string) []edit.Change {
	if value == "" {
		return nil
	}
	return []edit.Change{{Path: slices.Concat(path, []string{key}), Value: value}}
}

// mappingEdits are those of {registry, repository, tag, digest}. A registry that stands apart gets its part of the
// repository. A digest names the content of the image that was there, so it is emptied when that changes.
func mappingEdits(m *yaml.Node, path []string, repository, tag string) ([]edit.Change, error) {
	var edits []edit.Change
	changes := false
	set := func(key, value string) error {
		_, old, err := edit.Lookup(m, key)
		if err != nil {
			return &edit.Error{Path: strings.Join(append(slices.Clone(path), key), "."), Line: m.Line, Err: err}
		}
		changes = changes || old == nil || old.Value != value
		edits = append(edits, edit.Change{Path: slices.Concat(path, []string{key}), Value: value})
		return nil
	}
	if repository != "" {
		host, name, ok := strings.Cut(repository, "/")
		if ok && filled(m, "registry") && (strings.ContainsAny(host, ".:") || host == "localhost") {
			if err := set("registry", host); err != nil {
				return nil, err
			}
			repository = name
		}
		if err := set("repository", repository); err != nil {
			return nil, err
		}
	}
	if err := set("tag", tag); err != nil {
		return nil, err
	}
	if changes && filled(m, "digest") {
		return edits, set("digest", "")
	}
	return edits, nil
}

// filled reports whether a mapping has a text that is not empty under a key.
func filled(m *yaml.Node, key string) bool {
	_, value, err := edit.Lookup(m, key)
	return err == nil && value != nil && value.Kind == yaml.ScalarNode && value.ShortTag() == "!!str" && value.Value != ""
}

// retagged gives a reference another tag. A digest stays only where nothing else changes.
func retagged(reference, repository, tag string) (string, error) {
	m := imageReference.FindStringSubmatch(reference)
	switch {
	case strings.Contains(reference, "{{"):
		return "", errors.New("is a template; name the value that it takes instead")
	case m == nil && reference != "":
		return "", fmt.Errorf("%q is no image: write HOST/NAME:TAG", shownText(reference))
	case m == nil && repository == "":
		return "", errors.New("is empty, so there is no repository to keep; write one into pintle.yaml")
	case m != nil && (repository == "" || repository == m[1]) && m[2] == tag:
		return reference, nil
	case repository == "":
		repository = m[1]
	}
	return repository + ":" + tag, nil
}

func shownText(s string) string { return strings.ToValidUTF8(s[:min(len(s), 80)], "") }

// expand puts every entry in the place of a step "*", in the last document that has the path.
func expand(docs []*yaml.Node, path []string) ([][]string, error) {
	at := slices.Index(path, "*")
	if at < 0 {
		return [][]string{path}, nil
	}
	f, err := edit.Find(docs, path[:at])
	if err != nil {
		return nil, &edit.Error{Path: strings.Join(path, "."), Line: f.Line(), Err: err}
	}
	var names []string
	switch f.Value.Kind {
	case yaml.MappingNode:
		for i := 0; i < len(f.Value.Content); i += 2 {
			names = append(names, f.Value.Content[i].Value)
		}
	case yaml.SequenceNode:
		for i := range f.Value.Content {
			names = append(names, strconv.Itoa(i))
		}
	}
	var paths [][]string
	for _, name := range names {
		below, err := expand(docs, slices.Concat(path[:at], []string{name}, path[at+1:]))
		if err != nil {
			return nil, err
		}
		if paths = append(paths, below...); len(paths) > maxReferences {
			return nil, &edit.Error{Path: strings.Join(path, "."), Err: fmt.Errorf("stands for more than %d places", maxReferences)}
		}
	}
	if len(paths) == 0 {
		return nil, &edit.Error{Path: strings.Join(path, "."), Err: edit.ErrNoSuchKey}
	}
	return paths, nil
}

// wantsImages reports whether o says anything about values.yaml.
func (o Options) wantsImages() bool {
	return o.Image != nil && (o.Image.Repository != "" || o.Image.Tag != "") || len(o.Images) > 0
}
