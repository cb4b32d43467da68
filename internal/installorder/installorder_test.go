package installorder

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The order is Helm's, as the facts have it.
func TestOrderIsHelms(t *testing.T) {
	facts, err := os.ReadFile("../../docs/engineering/facts/helm-format.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, found := strings.Cut(string(facts), "**Install order:** ")
	list, _, ended := strings.Cut(list, ". ")
	if !found || !ended {
		t.Fatal("the facts name no install order")
	}
	var got []string
	for _, r := range rows {
		got = append(got, r.kind)
	}
	if d := cmp.Diff(strings.Split(list, ", "), got); d != "" {
		t.Errorf("(-facts +table):\n%s", d)
	}
}

// The waves keep Helm's order between kinds that need each other.
func TestWaves(t *testing.T) {
	last := 0
	for _, r := range rows {
		last = max(last, r.wave)
	}
	if last != Waves-1 || Wave("Certificate") != otherWave {
		t.Errorf("the last wave is %d, that of other kinds %d", last, Wave("Certificate"))
	}
	for _, pair := range [][2]string{
		{"Namespace", "ServiceAccount"}, {"ServiceAccount", "Deployment"}, {"ConfigMap", "Pod"}, {"Secret", "Job"}, {"Role", "RoleBinding"},
		{"PersistentVolumeClaim", "StatefulSet"}, {"Deployment", "HorizontalPodAutoscaler"}, {"Service", "Ingress"},
		{"CustomResourceDefinition", "Certificate"}, {"Certificate", "ValidatingWebhookConfiguration"},
	} {
		if Wave(pair[0]) >= Wave(pair[1]) {
			t.Errorf("%s is not before %s", pair[0], pair[1])
		}
	}
}

func TestCompare(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"Namespace", "Deployment", -1}, {"Deployment", "Namespace", 1}, {"Zebra", "Deployment", 1},
		{"Deployment", "Zebra", -1}, {"Alpha", "Zebra", -1}, {"Zebra", "Zebra", 0}, {"", "Alpha", -1},
	} {
		got := Compare(test.a, test.b)
		if (got < 0) != (test.want < 0) || (got > 0) != (test.want > 0) {
			t.Errorf("Compare(%q, %q) = %d, want the sign of %d", test.a, test.b, got, test.want)
		}
	}
}
