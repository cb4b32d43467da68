package kubelet

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/distribution/reference"
	corev1 "k8s.io/api/core/v1"

	"github.com/pintle-ci/pintle/sandbox/image"
)

// pullTimeout bounds a look into the registry, which is in this process.
const pullTimeout = 10 * time.Second

// images knows which images there are.
type images struct {
	registry string
	strict   bool
}

// imageError is a failed pull as the kubelet reports it: the reason of the waiting state and the message.
type imageError struct{ reason, message string }

func (e *imageError) Error() string { return e.message }

// pulled is an image on the node.
type pulled struct {
	name   string // as the container runtime writes it: docker.io/library/nginx:1.27
	id     string
	local  bool // it counts as already present on the machine
	size   int64
	script image.Script
}

// pull finds the image of a container. The error is an *imageError.
func (i images) pull(ctx context.Context, ref string, policy corev1.PullPolicy) (pulled, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return pulled{}, &imageError{"InvalidImageName", fmt.Sprintf("Failed to apply default image tag %q: couldn't parse image name %q: %v", ref, ref, err)}
	}
	named = reference.TagNameOnly(named)
	own := i.owns(reference.Domain(named))
	switch {
	case policy == corev1.PullNever && (own || i.strict):
		return pulled{}, &imageError{"ErrImageNeverPull", fmt.Sprintf("Container image %q is not present with pull policy of Never", ref)}
	case own:
		return i.pullOwn(ctx, named.String())
	case i.strict:
		return pulled{}, absent(named.String(), "the sandbox runs with --strict-images and pulls from "+i.registry+" only")
	}
	return pulled{name: named.String(), id: named.String(), local: policy != corev1.PullAlways}, nil
}

// owns reports whether domain is the sandbox's registry, under either of its names.
func (i images) owns(domain string) bool {
	_, port, _ := strings.Cut(i.registry, ":")
	return domain == i.registry || domain == "localhost:"+port
}

func (i images) pullOwn(ctx context.Context, ref string) (pulled, error) {
	ctx, cancel := context.WithTimeout(ctx, pullTimeout)
	defer cancel()
	info, err := image.Inspect(ctx, ref)
	if errors.Is(err, image.ErrNotFound) {
		return pulled{}, absent(ref, "not found")
	}
	if se, ok := errors.AsType[*image.ScriptError](err); ok {
		return pulled{}, &imageError{"CreateContainerError", se.Error()}
	}
	if err != nil {
		return pulled{}, &imageError{errImagePull, fmt.Sprintf("failed to pull and unpack image %q: %v", ref, err)}
	}
	return pulled{name: ref, id: info.ID, size: info.Size, script: info.Script}, nil
}

// absent is what containerd says about an image that its registry does not have.
func absent(ref, why string) *imageError {
	return &imageError{errImagePull, fmt.Sprintf(
		"rpc error: code = NotFound desc = failed to pull and unpack image %q: failed to resolve reference %q: %s: %s", ref, ref, ref, why)}
}
