package config

import (
	"io/fs"
	"path"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// imageIn finds where a values.yaml holds the image: image.repository and
// image.tag, else the one mapping with such a pair.
func imageIn(fsys fs.FS, file string) Image {
	data, err := read(fsys, file, maxValuesFile)
	var root yaml.Node
	if err != nil || yaml.Unmarshal(data, &root) != nil || len(root.Content) == 0 {
		return Image{None: true}
	}
	var images []Image
	findImages(root.Content[0], "", 0, &images)
	for _, image := range images {
		if image.RepositoryPath == defaultRepoPath && image.TagPath == defaultTagPath {
			return image
		}
	}
	if len(images) == 1 {
		return images[0]
	}
	return Image{None: true}
}

// findImages collects the mappings that name a repository and a tag.
func findImages(n *yaml.Node, at string, depth int, images *[]Image) {
	const deep, many = 5, 20
	if n.Kind != yaml.MappingNode || depth > deep || len(*images) > many {
		return
	}
	scalars := map[string]string{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if splitPath(key.Value) == nil || len(splitPath(key.Value)) > 1 {
			continue
		}
		if value.Kind == yaml.ScalarNode {
			scalars[key.Value] = value.Value
		}
		findImages(value, child(at, key.Value), depth+1, images)
	}
	if _, ok := scalars["tag"]; !ok || at == "" {
		return
	}
	for _, key := range []string{"repository", "name"} {
		if repository, ok := scalars[key]; ok {
			*images = append(*images, Image{Repository: repository, RepositoryPath: child(at, key), TagPath: child(at, "tag")})
			return
		}
	}
}

// environmentValues finds the environment in the name of a values file.
var environmentValues = lazyregexp.New(`^(values[-._])([a-z0-9]([-a-z0-9]*[a-z0-9])?)(\.ya?ml)$`)

// valuesIn finds values files of environments beside a chart or in it, as one
// pattern, and the environments that they are for.
func valuesIn(fsys fs.FS, service, chart string) (patterns, environments []string) {
	for _, folder := range []string{service, chart, path.Join(service, "values"), path.Join(service, "deploy")} {
		entries, err := fs.ReadDir(fsys, folder)
		if err != nil {
			continue
		}
		relative, ok := below(service, folder)
		if !ok {
			continue
		}
		for _, e := range entries[:min(len(entries), 1000)] {
			m := environmentValues.FindStringSubmatch(e.Name())
			if m == nil || e.IsDir() || m[2] == "schema" {
				continue
			}
			pattern := path.Join(relative, m[1]+"{environment}"+m[4])
			if !slices.Contains(patterns, pattern) {
				patterns = append(patterns, pattern)
			}
			environments = append(environments, m[2])
		}
		if len(patterns) > 0 {
			break
		}
	}
	slices.Sort(environments)
	return patterns, slices.Compact(environments)
}

// below returns folder as seen from base; false when it is not below it.
func below(base, folder string) (string, bool) {
	switch {
	case base == folder:
		return ".", true
	case base == ".":
		return folder, true
	case len(folder) > len(base) && folder[:len(base)+1] == base+"/":
		return folder[len(base)+1:], true
	}
	return "", false
}
