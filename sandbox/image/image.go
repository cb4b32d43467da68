package image

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// ErrNotFound says that the registry has no image of that name.
var ErrNotFound = errors.New("not found")

// Info is what a pull learns about an image.
type Info struct {
	ID     string // repository@digest
	Size   int64  // bytes
	Script Script
}

// Push makes an image that carries script and pushes it to the registry (host:port) as repoTag, which may already
// begin with the registry. It returns the reference to put into a pod.
func Push(ctx context.Context, registry, repoTag string, script Script) (string, error) {
	repoTag = strings.TrimPrefix(repoTag, registry+"/")
	ref, err := name.NewTag(registry+"/"+repoTag, name.Insecure)
	if err != nil {
		return "", fmt.Errorf("image name %q: %w", repoTag, err)
	}
	img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
		Architecture: runtime.GOARCH,
		OS:           "linux",
		Config:       v1.Config{Labels: script.Labels()},
		RootFS:       v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{}},
	})
	if err != nil {
		return "", err
	}
	if err := remote.Write(ref, img, remote.WithContext(ctx)); err != nil {
		return "", fmt.Errorf("push %s: %w", ref, err)
	}
	return ref.Name(), nil
}

// Inspect asks the image's registry about it. The error wraps ErrNotFound if the registry does not have it.
func Inspect(ctx context.Context, ref string) (Info, error) {
	parsed, err := name.ParseReference(ref, name.Insecure)
	if err != nil {
		return Info{}, err
	}
	platform := v1.Platform{OS: "linux", Architecture: runtime.GOARCH}
	img, err := remote.Image(parsed, remote.WithContext(ctx), remote.WithPlatform(platform))
	if err != nil {
		return Info{}, classify(err)
	}
	manifest, err := img.Manifest()
	if err != nil {
		return Info{}, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return Info{}, classify(err)
	}
	digest, err := img.Digest()
	if err != nil {
		return Info{}, err
	}
	info := Info{ID: parsed.Context().Digest(digest.String()).Name(), Size: manifest.Config.Size}
	for _, layer := range manifest.Layers {
		info.Size += layer.Size
	}
	info.Script, err = ParseScript(config.Config.Labels)
	if err != nil {
		return info, &ScriptError{err}
	}
	return info, nil
}

// ScriptError says that an image is there but its labels are wrong.
type ScriptError struct{ err error }

func (e *ScriptError) Error() string { return e.err.Error() }
func (e *ScriptError) Unwrap() error { return e.err }

func classify(err error) error {
	if te, ok := errors.AsType[*transport.Error](err); ok && te.StatusCode == http.StatusNotFound {
		return ErrNotFound
	}
	return err
}
