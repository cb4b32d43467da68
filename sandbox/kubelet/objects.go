package kubelet

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The two kinds of objects that pods take files and variables from.
const (
	kindConfigMap = "ConfigMap"
	kindSecret    = "Secret"
)

// rootCA is the ConfigMap that every service account volume names and the control plane makes in every namespace. It
// is taken for granted, which spares a request per pod.
const rootCA = "kube-root-ca.crt"

// authorizerLag bounds how long the node authorizer may need to learn that a pod is bound to this node. Until then it
// forbids to read what the pod refers to.
const authorizerLag = 2 * time.Second

// dependency is an object that a pod needs, with the keys that must be in it.
type dependency struct {
	kind, name string
	optional   bool
	keys       []string
}

// checkVolume says what keeps a volume from being mounted.
func (k *Kubelet) checkVolume(ctx context.Context, namespace string, v *corev1.Volume) error {
	for _, d := range volumeDependencies(v) {
		keys, err := k.keys(ctx, namespace, d)
		if err != nil {
			return err
		}
		for _, key := range d.keys {
			if keys != nil && !keys[key] && !d.optional {
				return fmt.Errorf("references non-existent %s key: %s", configWord(d.kind), key)
			}
		}
	}
	return nil
}

// checkEnv says what keeps a container's environment from being made.
func (k *Kubelet) checkEnv(ctx context.Context, namespace string, c *corev1.Container) error {
	for _, d := range envDependencies(c) {
		keys, err := k.keys(ctx, namespace, d)
		if err != nil {
			return err
		}
		for _, key := range d.keys {
			if keys != nil && !keys[key] && !d.optional {
				return fmt.Errorf("couldn't find key %s in %s %s/%s", key, d.kind, namespace, d.name)
			}
		}
	}
	return nil
}

func configWord(kind string) string {
	if kind == kindSecret {
		return "secret"
	}
	return "config"
}

// keys returns the keys of an object; nil if it is absent and may be.
func (k *Kubelet) keys(ctx context.Context, namespace string, d dependency) (map[string]bool, error) {
	ctx, cancel := context.WithTimeout(ctx, authorizerLag)
	defer cancel()
	for {
		keys, err := k.read(ctx, namespace, d)
		switch {
		case err == nil:
			return keys, nil
		case apierrors.IsNotFound(err) && d.optional:
			return nil, nil
		case apierrors.IsNotFound(err):
			return nil, fmt.Errorf("%s %q not found", lower(d.kind), d.name)
		case !apierrors.IsForbidden(err):
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func lower(kind string) string {
	if kind == kindSecret {
		return "secret"
	}
	return "configmap"
}

func (k *Kubelet) read(ctx context.Context, namespace string, d dependency) (map[string]bool, error) {
	keys := map[string]bool{}
	if d.kind == kindSecret {
		s, err := k.client.CoreV1().Secrets(namespace).Get(ctx, d.name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		for key := range s.Data {
			keys[key] = true
		}
		return keys, nil
	}
	m, err := k.client.CoreV1().ConfigMaps(namespace).Get(ctx, d.name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	for key := range m.Data {
		keys[key] = true
	}
	for key := range m.BinaryData {
		keys[key] = true
	}
	return keys, nil
}

func volumeDependencies(v *corev1.Volume) []dependency {
	var out []dependency
	if v.ConfigMap != nil {
		out = append(out, dependency{kindConfigMap, v.ConfigMap.Name, is(v.ConfigMap.Optional), items(v.ConfigMap.Items)})
	}
	if v.Secret != nil {
		out = append(out, dependency{kindSecret, v.Secret.SecretName, is(v.Secret.Optional), items(v.Secret.Items)})
	}
	if v.Projected == nil {
		return out
	}
	for _, s := range v.Projected.Sources {
		if s.ConfigMap != nil && s.ConfigMap.Name != rootCA {
			out = append(out, dependency{kindConfigMap, s.ConfigMap.Name, is(s.ConfigMap.Optional), items(s.ConfigMap.Items)})
		}
		if s.Secret != nil {
			out = append(out, dependency{kindSecret, s.Secret.Name, is(s.Secret.Optional), items(s.Secret.Items)})
		}
	}
	return out
}

func envDependencies(c *corev1.Container) []dependency {
	var out []dependency
	for _, from := range c.EnvFrom {
		if r := from.ConfigMapRef; r != nil {
			out = append(out, dependency{kindConfigMap, r.Name, is(r.Optional), nil})
		}
		if r := from.SecretRef; r != nil {
			out = append(out, dependency{kindSecret, r.Name, is(r.Optional), nil})
		}
	}
	for _, e := range c.Env {
		if e.ValueFrom == nil {
			continue
		}
		if r := e.ValueFrom.ConfigMapKeyRef; r != nil {
			out = append(out, dependency{kindConfigMap, r.Name, is(r.Optional), []string{r.Key}})
		}
		if r := e.ValueFrom.SecretKeyRef; r != nil {
			out = append(out, dependency{kindSecret, r.Name, is(r.Optional), []string{r.Key}})
		}
	}
	return out
}

func is(b *bool) bool { return b != nil && *b }

func items(list []corev1.KeyToPath) []string {
	var keys []string
	for _, i := range list {
		keys = append(keys, i.Key)
	}
	return keys
}
