package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/pintle-ci/pintle/sandbox/state"
)

// BenchmarkUp starts and stops a sandbox. Apart from the time, which is that of both, it reports the memory when it is ready.
func BenchmarkUp(b *testing.B) {
	home(b)
	var resident float64
	for b.Loop() {
		must(b, "up", "--name", "bench")
		resident = residentMiB(b, running1(b, "bench"), "VmRSS:")
		must(b, "down", "--name", "bench")
	}
	b.ReportMetric(resident, "MiB-resident")
}

// BenchmarkDeployments creates 30 Deployments of three pods at once and waits until all are available.
func BenchmarkDeployments(b *testing.B) {
	home(b)
	info, _ := start(b, "bench")
	cfg, err := clientcmd.BuildConfigFromFlags("", info.Kubeconfig)
	if err != nil {
		b.Fatal(err)
	}
	cfg.QPS = -1
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		b.Fatal(err)
	}
	image := strings.TrimSpace(must(b, "image", "--name", "bench", "shop/web:1.0"))
	round := 0
	for b.Loop() {
		round++
		deployThirty(b, client, image, fmt.Sprintf("round-%d", round))
	}
	b.ReportMetric(residentMiB(b, info, "VmRSS:"), "MiB-resident")
	b.ReportMetric(residentMiB(b, info, "VmHWM:"), "MiB-peak")
}

func deployThirty(b *testing.B, client *kubernetes.Clientset, image, ns string) {
	ctx := b.Context()
	if _, err := client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}}, metav1.CreateOptions{}); err != nil {
		b.Fatal(err)
	}
	watch, err := client.AppsV1().Deployments(ns).Watch(ctx, metav1.ListOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer watch.Stop()
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			if err := deployThree(ctx, client, image, ns, fmt.Sprintf("web-%d", i)); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	available := map[string]bool{}
	for event := range watch.ResultChan() {
		if d, ok := event.Object.(*appsv1.Deployment); ok && d.Status.AvailableReplicas == 3 {
			available[d.Name] = true
		}
		if len(available) == 30 {
			return
		}
	}
	b.Fatal("the watch ended early")
}

func deployThree(ctx context.Context, client *kubernetes.Clientset, image, ns, name string) error {
	replicas, labels := int32(3), map[string]string{"app": name}
	_, err := client.AppsV1().Deployments(ns).Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: podSpec(image)},
		},
	}, metav1.CreateOptions{})
	return err
}

// residentMiB reads a memory figure of a sandbox's process, in MiB.
func residentMiB(b *testing.B, info state.Info, field string) float64 {
	b.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", info.PID))
	if err != nil {
		b.Skip("needs /proc")
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, field); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				b.Fatal(err)
			}
			return float64(kib) / 1024
		}
	}
	b.Fatalf("no %s", field)
	return 0
}
