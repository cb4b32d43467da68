package main

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/pintle-ci/pintle/sandbox/state"
)

// world is a running sandbox for tests that share it; each works in a namespace of its own.
type world struct {
	info   state.Info
	client *kubernetes.Clientset
}

func TestCluster(t *testing.T) {
	home(t)
	var w world
	w.info, w.client = start(t, "shared")
	for name, test := range map[string]func(*testing.T, world, string){
		"deployment": testDeployment,
		"missing":    testMissingImage,
		"crash":      testCrash,
		"unready":    testNeverReady,
		"claim":      testClaim,
		"balancer":   testLoadBalancer,
		"job":        testJob,
		"custom":     testCustomResource,
		"config":     testMissingConfig,
		"follow":     testFollow,
		"rights":     testRights,
		"webhook":    testWebhook,
		"namespace":  testNamespaceGoes,
		"node":       testNodeComesBack,
	} {
		t.Run(name, func(t *testing.T) {
			ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
			if _, err := w.client.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			test(t, w, name)
		})
	}
}

// image makes an image in the sandbox's registry and returns its reference.
func (w world) image(t *testing.T, args ...string) string {
	t.Helper()
	return strings.TrimSpace(must(t, append([]string{"image", "--name", w.info.Name}, args...)...))
}

func podSpec(image string) corev1.PodSpec {
	return corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}}
}

// pod makes a pod. Right after its namespace, the service account may still be on its way.
func (w world) pod(t *testing.T, ns string, spec corev1.PodSpec) {
	t.Helper()
	eventually(t, "the pod's creation", func(ctx context.Context) (bool, any, error) {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", Labels: map[string]string{"app": "p"}}, Spec: spec}
		_, err := w.client.CoreV1().Pods(ns).Create(ctx, pod, metav1.CreateOptions{})
		return err == nil, nil, err
	})
}

// awaitPod waits until ok agrees with the status of the pod p.
func (w world) awaitPod(t *testing.T, ns, what string, ok func(corev1.PodStatus) bool) corev1.PodStatus {
	t.Helper()
	var status corev1.PodStatus
	eventually(t, what, func(ctx context.Context) (bool, any, error) {
		pod, err := w.client.CoreV1().Pods(ns).Get(ctx, "p", metav1.GetOptions{})
		if err != nil {
			return false, nil, err
		}
		status = pod.Status
		return ok(status), status, nil
	})
	return status
}

func waiting(reason string) func(corev1.PodStatus) bool {
	return func(s corev1.PodStatus) bool {
		return len(s.ContainerStatuses) == 1 && s.ContainerStatuses[0].State.Waiting != nil && s.ContainerStatuses[0].State.Waiting.Reason == reason
	}
}

// awaitEvents waits until the namespace has an event of every kind "Reason: part of the message".
func (w world) awaitEvents(t *testing.T, ns string, want ...string) {
	t.Helper()
	eventually(t, "events "+strings.Join(want, "; "), func(ctx context.Context) (bool, any, error) {
		list, err := w.client.CoreV1().Events(ns).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, nil, err
		}
		var got []string
		for _, e := range list.Items {
			got = append(got, e.Reason+": "+e.Message)
		}
		for _, w := range want {
			if !slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(g, w) }) {
				return false, got, nil
			}
		}
		return true, got, nil
	})
}

func (w world) logs(t *testing.T, ns string, opts corev1.PodLogOptions) string {
	t.Helper()
	out, err := w.client.CoreV1().Pods(ns).GetLogs("p", &opts).DoRaw(t.Context())
	if err != nil {
		t.Fatalf("logs: %v", err)
	}
	return string(out)
}

func testDeployment(t *testing.T, w world, ns string) {
	replicas := int32(2)
	labels := map[string]string{"app": "web"}
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: podSpec(w.image(t, "shop/web:1.0", "--ready-after", "200ms"))},
		},
	}
	if _, err := w.client.AppsV1().Deployments(ns).Create(t.Context(), d, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: corev1.ServiceSpec{Selector: labels, Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8080)}}}}
	if _, err := w.client.CoreV1().Services(ns).Create(t.Context(), svc, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "two ready replicas", func(ctx context.Context) (bool, any, error) {
		d, err := w.client.AppsV1().Deployments(ns).Get(ctx, "web", metav1.GetOptions{})
		return err == nil && d.Status.AvailableReplicas == 2, d.Status, err
	})
	eventually(t, "two endpoints", func(ctx context.Context) (bool, any, error) {
		list, err := w.client.DiscoveryV1().EndpointSlices(ns).List(ctx, metav1.ListOptions{})
		if err != nil || len(list.Items) != 1 {
			return false, list, err
		}
		return len(list.Items[0].Endpoints) == 2, list.Items, nil
	})
}

func testMissingImage(t *testing.T, w world, ns string) {
	ref := w.info.Registry + "/shop/typo:1.0"
	w.pod(t, ns, podSpec(ref))
	w.awaitPod(t, ns, "ErrImagePull", waiting("ErrImagePull"))
	s := w.awaitPod(t, ns, "ImagePullBackOff", waiting("ImagePullBackOff"))
	if m := s.ContainerStatuses[0].State.Waiting.Message; !strings.Contains(m, ref) || !strings.Contains(m, "not found") {
		t.Errorf("message = %s", m)
	}
	w.awaitEvents(t, ns, "Pulling: Pulling image", "Failed: Failed to pull image", "Failed: Error: ErrImagePull",
		"BackOff: Back-off pulling image", "Failed: Error: ImagePullBackOff")
	w.image(t, "shop/typo:1.0")
	w.awaitPod(t, ns, "recovery", func(s corev1.PodStatus) bool { return s.Phase == corev1.PodRunning })
}

func testCrash(t *testing.T, w world, ns string) {
	w.pod(t, ns, podSpec(w.image(t, "shop/bad:1.0", "--crash-after", "100ms", "--exit-code", "3", "--log", "starting", "--log", "fatal: no database")))
	s := w.awaitPod(t, ns, "CrashLoopBackOff", waiting("CrashLoopBackOff")).ContainerStatuses[0]
	if s.LastTerminationState.Terminated == nil || s.LastTerminationState.Terminated.ExitCode != 3 || s.RestartCount != 1 {
		t.Errorf("status = %+v", s)
	}
	for _, previous := range []bool{false, true} {
		if got := w.logs(t, ns, corev1.PodLogOptions{Previous: previous}); got != "starting\nfatal: no database\n" {
			t.Errorf("logs, previous %t:\n%s", previous, got)
		}
	}
	one := int64(1)
	if got := w.logs(t, ns, corev1.PodLogOptions{TailLines: &one}); got != "fatal: no database\n" {
		t.Errorf("last line:\n%s", got)
	}
	w.awaitEvents(t, ns, "Started: ", "BackOff: Back-off restarting failed container main")
}

func testNeverReady(t *testing.T, w world, ns string) {
	spec := podSpec(w.image(t, "shop/never:1.0", "--never-ready"))
	spec.Containers[0].ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Port: intstr.FromInt32(80)}}}
	w.pod(t, ns, spec)
	w.awaitEvents(t, ns, "Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 503")
	w.awaitPod(t, ns, "running and not ready", func(s corev1.PodStatus) bool {
		return s.Phase == corev1.PodRunning && !s.ContainerStatuses[0].Ready
	})
}

func testClaim(t *testing.T, w world, ns string) {
	pvc := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: "data"},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		},
	}
	claims := w.client.CoreV1().PersistentVolumeClaims(ns)
	if _, err := claims.Create(t.Context(), pvc, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	var volume string
	eventually(t, "a bound claim", func(ctx context.Context) (bool, any, error) {
		got, err := claims.Get(ctx, "data", metav1.GetOptions{})
		volume = got.Spec.VolumeName
		return got.Status.Phase == corev1.ClaimBound, got.Status, err
	})
	if err := claims.Delete(t.Context(), "data", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the volume", func(ctx context.Context) (bool, any, error) {
		list, err := w.client.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
		return !slices.ContainsFunc(list.Items, func(pv corev1.PersistentVolume) bool { return pv.Name == volume }), list.Items, err
	})
}

func testLoadBalancer(t *testing.T, w world, ns string) {
	svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, Ports: []corev1.ServicePort{{Port: 80}}}}
	if _, err := w.client.CoreV1().Services(ns).Create(t.Context(), svc, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "an address", func(ctx context.Context) (bool, any, error) {
		got, err := w.client.CoreV1().Services(ns).Get(ctx, "web", metav1.GetOptions{})
		return err == nil && len(got.Status.LoadBalancer.Ingress) == 1, got.Status, err
	})
}

func testJob(t *testing.T, w world, ns string) {
	for name, image := range map[string]string{"good": "busybox:1", "bad": w.image(t, "shop/migrate:1.0", "--exit-after", "0s", "--exit-code", "4")} {
		spec, none := podSpec(image), int32(0)
		spec.RestartPolicy = corev1.RestartPolicyNever
		job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: batchv1.JobSpec{BackoffLimit: &none, Template: corev1.PodTemplateSpec{Spec: spec}}}
		if _, err := w.client.BatchV1().Jobs(ns).Create(t.Context(), job, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]batchv1.JobConditionType{"good": batchv1.JobComplete, "bad": batchv1.JobFailed} {
		eventually(t, name+" job: "+string(want), func(ctx context.Context) (bool, any, error) {
			job, err := w.client.BatchV1().Jobs(ns).Get(ctx, name, metav1.GetOptions{})
			return slices.ContainsFunc(job.Status.Conditions, func(c batchv1.JobCondition) bool {
				return c.Type == want && c.Status == corev1.ConditionTrue
			}), job.Status, err
		})
	}
}

// testCustomResource defines a kind and server-side applies one of it.
func testCustomResource(t *testing.T, w world, ns string) {
	cfg, err := clientcmd.BuildConfigFromFlags("", w.info.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := dynamic.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	crd := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": "widgets.example.com"},
		"spec": map[string]any{
			"group": "example.com", "scope": "Namespaced",
			"names": map[string]any{"plural": "widgets", "singular": "widget", "kind": "Widget"},
			"versions": []any{map[string]any{
				"name": "v1", "served": true, "storage": true,
				"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "properties": map[string]any{
					"spec": map[string]any{"type": "object", "properties": map[string]any{"size": map[string]any{"type": "integer", "maximum": int64(5)}}},
				}}},
			}},
		},
	}}
	crds := schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	if _, err := client.Resource(crds).Create(t.Context(), crd, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	widgets := client.Resource(schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "widgets"}).Namespace(ns)
	apply := func(ctx context.Context, size string) error {
		body := `{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"size":` + size + `}}`
		_, err := widgets.Patch(ctx, "w", types.ApplyPatchType, []byte(body), metav1.PatchOptions{FieldManager: "test"})
		return err
	}
	eventually(t, "a widget", func(ctx context.Context) (bool, any, error) { return true, nil, apply(ctx, "3") })
	if err := apply(t.Context(), "6"); err == nil {
		t.Error("the schema's maximum is not held")
	}
}

func testMissingConfig(t *testing.T, w world, ns string) {
	spec := podSpec("web:1.0")
	spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "tls"}}}}
	spec.Containers[0].EnvFrom = []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}}}}
	w.pod(t, ns, spec)
	w.awaitEvents(t, ns, `FailedMount: MountVolume.SetUp failed for volume "v" : secret "tls" not found`)
	if _, err := w.client.CoreV1().Secrets(ns).Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "tls"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	s := w.awaitPod(t, ns, "CreateContainerConfigError", waiting("CreateContainerConfigError"))
	if m := s.ContainerStatuses[0].State.Waiting.Message; m != `configmap "settings" not found` {
		t.Errorf("message = %s", m)
	}
	if _, err := w.client.CoreV1().ConfigMaps(ns).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "settings"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	w.awaitPod(t, ns, "recovery", func(s corev1.PodStatus) bool { return s.Phase == corev1.PodRunning })
}

// testFollow follows logs until the pod is deleted, which ends them.
func testFollow(t *testing.T, w world, ns string) {
	w.pod(t, ns, podSpec(w.image(t, "shop/talk:1.0", "--log", "hello")))
	w.awaitPod(t, ns, "running", func(s corev1.PodStatus) bool { return s.Phase == corev1.PodRunning })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stream, err := w.client.CoreV1().Pods(ns).GetLogs("p", &corev1.PodLogOptions{Follow: true}).Stream(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	first := make([]byte, len("hello\n"))
	if _, err := io.ReadFull(stream, first); err != nil || string(first) != "hello\n" {
		t.Fatalf("first line %q, %v", first, err)
	}
	if err := w.client.CoreV1().Pods(ns).Delete(t.Context(), "p", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(stream); err != nil || len(bytes.TrimSpace(rest)) > 0 {
		t.Errorf("the rest: %q, %v", rest, err)
	}
}

// testRights checks that a service account's token is real and that RBAC holds it back.
func testRights(t *testing.T, w world, ns string) {
	eventually(t, "the default service account", func(ctx context.Context) (bool, any, error) {
		_, err := w.client.CoreV1().ServiceAccounts(ns).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, nil, err
	})
	cfg, err := clientcmd.BuildConfigFromFlags("", w.info.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Impersonate.UserName = "system:serviceaccount:" + ns + ":default"
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().Secrets(ns).List(t.Context(), metav1.ListOptions{}); err == nil || !strings.Contains(err.Error(), "forbidden") {
		t.Errorf("a service account without a role lists secrets: %v", err)
	}
	cfg.Impersonate.UserName, cfg.BearerToken = "", strings.Repeat("0", 64)
	if client, err = kubernetes.NewForConfig(cfg); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{}); err == nil || !strings.Contains(err.Error(), "Unauthorized") {
		t.Errorf("a wrong token: %v", err)
	}
}

func testNamespaceGoes(t *testing.T, w world, ns string) {
	spec, soon := podSpec("web:1.0"), int64(1)
	spec.TerminationGracePeriodSeconds = &soon
	w.pod(t, ns, spec)
	w.awaitPod(t, ns, "running", func(s corev1.PodStatus) bool { return s.Phase == corev1.PodRunning })
	if err := w.client.CoreV1().Namespaces().Delete(t.Context(), ns, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the namespace", func(ctx context.Context) (bool, any, error) {
		list, err := w.client.CoreV1().Namespaces().List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + ns})
		return err == nil && len(list.Items) == 0, nil, err
	})
}

// testNodeComesBack takes the node's condition away, as the node controller does when the machine is too busy for
// heartbeats, and waits until the node is Ready and free of taints again.
func testNodeComesBack(t *testing.T, w world, _ string) {
	nodes := w.client.CoreV1().Nodes()
	list, err := nodes.List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("%d nodes, %v", len(list.Items), err)
	}
	node := &list.Items[0]
	for i := range node.Status.Conditions {
		node.Status.Conditions[i].Status = corev1.ConditionUnknown
	}
	if _, err := nodes.UpdateStatus(t.Context(), node, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a Ready node without taints", func(ctx context.Context) (bool, any, error) {
		n, err := nodes.Get(ctx, node.Name, metav1.GetOptions{})
		if err != nil {
			return false, nil, err
		}
		ready := slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
			return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
		})
		return ready && len(n.Spec.Taints) == 0, n.Status.Conditions, nil
	})
}
