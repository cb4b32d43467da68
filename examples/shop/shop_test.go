// Package shop_test plays the demo's three acts and looks at the cluster, not
// at what was printed.
package shop_test

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/deployer/release"
)

const namespace = "shop"

// stage is a play in progress.
type stage struct {
	t        *testing.T
	client   *kube.Client
	registry string
	dir      string
}

// play plays an act, and returns what it printed.
func (s *stage) play(act string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "./demo.sh", act)
	cmd.Env = append(os.Environ(), "SHOP="+s.dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", act, err, out)
	}
	return string(out)
}

// deployed is the deployed revision of each release, as "1.0.0 (revision 1)" would be {1.0.0, 1}.
type deployed struct {
	Version  string
	Revision int
}

func (s *stage) records() (map[string]deployed, map[string][]release.Status) {
	s.t.Helper()
	h, err := release.NewStorage(s.client, namespace, release.Secrets).List(s.t.Context(), false)
	if err != nil {
		s.t.Fatal(err)
	}
	now, all := map[string]deployed{}, map[string][]release.Status{}
	for _, r := range h.Records {
		all[r.Name] = append(all[r.Name], r.Status())
		if r.Status() == release.Deployed {
			now[r.Name] = deployed{r.Chart.Metadata.Version, r.Version}
		}
	}
	return now, all
}

// serving are the images of the ready pods of a release.
func (s *stage) serving(name string) []string {
	s.t.Helper()
	pods, _, err := s.client.List(s.t.Context(), "v1", "Pod", kube.Selection{Namespace: namespace, Labels: "app.kubernetes.io/instance=" + name})
	if err != nil {
		s.t.Fatal(err)
	}
	var images []string
	for _, p := range pods {
		if ready(p) {
			containers, _, _ := unstructured.NestedSlice(p.Object, "spec", "containers")
			images = append(images, containers[0].(map[string]any)["image"].(string))
		}
	}
	slices.Sort(images)
	return images
}

func ready(pod *unstructured.Unstructured) bool {
	conditions, _, _ := unstructured.NestedSlice(pod.Object, "status", "conditions")
	return slices.ContainsFunc(conditions, func(c any) bool {
		m, ok := c.(map[string]any)
		return ok && m["type"] == "Ready" && m["status"] == "True"
	}) && pod.GetDeletionTimestamp() == nil
}

// written is the state of every object that the services own: its UID and
// generation tell whether anything has written its spec.
func (s *stage) written(kind, apiVersion string) map[string]int64 {
	s.t.Helper()
	objects, _, err := s.client.List(s.t.Context(), apiVersion, kind, kube.Selection{Namespace: namespace})
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[string]int64{}
	for _, o := range objects {
		out[o.GetName()+" "+string(o.GetUID())] = o.GetGeneration()
	}
	return out
}

func TestThreeActs(t *testing.T) {
	_, registry := kubetest.Cluster(t)
	s := &stage{t: t, client: kubetest.Connect(t, nil), registry: registry, dir: filepath.Join(t.TempDir(), "shop")}
	s.play("prepare")

	s.play("act1")
	now, _ := s.records()
	want := map[string]deployed{"redis": {"20.1.3", 1}, "catalog": {"1.0.0", 1}, "cart": {"1.0.0", 1}, "web": {"1.0.0", 1}}
	if diff := cmp.Diff(want, now); diff != "" {
		t.Fatalf("act 1:\n%s", diff)
	}
	old := s.image("cart", "1.0.0")
	if diff := cmp.Diff([]string{old, old}, s.serving("cart")); diff != "" {
		t.Errorf("act 1: cart:\n%s", diff)
	}

	checkReadme(t, s.play("act2"))
	now, all := s.records()
	want["cart"] = deployed{"1.0.0", 3} // revision 2 failed, 3 is the way back
	if diff := cmp.Diff(want, now); diff != "" {
		t.Fatalf("act 2:\n%s", diff)
	}
	if diff := cmp.Diff([]release.Status{release.Superseded, release.Failed, release.Deployed}, all["cart"]); diff != "" {
		t.Errorf("act 2: history of cart:\n%s", diff)
	}
	if diff := cmp.Diff([]string{old, old}, s.serving("cart")); diff != "" {
		t.Errorf("act 2: the old cart must still serve:\n%s", diff)
	}
	s.checkJUnit()

	before := s.written("Deployment", "apps/v1")
	s.play("act3")
	now, _ = s.records()
	want["cart"] = deployed{"1.1.1", 4}
	if diff := cmp.Diff(want, now); diff != "" {
		t.Fatalf("act 3:\n%s", diff)
	}
	for key, generation := range s.written("Deployment", "apps/v1") {
		if !strings.HasPrefix(key, "cart ") && before[key] != generation {
			t.Errorf("act 3 wrote %s: generation %d, was %d", key, generation, before[key])
		}
	}
	fixed := s.image("cart", "1.1.1")
	if diff := cmp.Diff([]string{fixed, fixed}, s.serving("cart")); diff != "" {
		t.Errorf("act 3: cart:\n%s", diff)
	}
}

func (s *stage) image(name, version string) string {
	return s.registry + "/shop/" + name + ":" + version
}

// checkJUnit reads the report of act 2 as a CI server does.
func (s *stage) checkJUnit() {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, "build/act2/junit.xml"))
	if err != nil {
		s.t.Fatal(err)
	}
	var junit struct {
		Suites []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string  `xml:"name,attr"`
				Failure *string `xml:"failure"`
				Skipped *struct {
					Message string `xml:"message,attr"`
				} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(data, &junit); err != nil {
		s.t.Fatal(err)
	}
	var failures, skips int
	for _, suite := range junit.Suites {
		for _, c := range suite.Cases {
			if c.Failure != nil {
				failures++
				if suite.Name != "cart" || !strings.Contains(*c.Failure, "panic: open /etc/cart/prices.json") {
					s.t.Errorf("%s, %s fails without the log line that explains it: %s", suite.Name, c.Name, *c.Failure)
				}
			}
			if c.Skipped != nil && suite.Name == "web" && strings.Contains(c.Skipped.Message, "needs cart") {
				skips++
			}
		}
	}
	if failures == 0 || skips == 0 {
		s.t.Errorf("%d failures, %d skipped steps of web in\n%s", failures, skips, data)
	}
}
