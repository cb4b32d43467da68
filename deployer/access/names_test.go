package access

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestCheckName(t *testing.T) {
	for text, ok := range map[string]bool{
		"v1 ConfigMap web.example": true, "v1 ConfigMap My_App": false, "v1 ConfigMap feature/x": false,
		"v1 Service 1web": true, "v1 Service web.example": false, "v1 Namespace shop": true, "v1 Namespace a.b": false,
		"rbac.authorization.k8s.io/v1 ClusterRole system:web": true, "rbac.authorization.k8s.io/v1 Role a/b": false,
		"example.com/v1 Role system:web": false, "example.com/v1 Widget web": true,
	} {
		var apiVersion, kind, name string
		if _, err := fmt.Sscan(text, &apiVersion, &kind, &name); err != nil {
			t.Fatal(err)
		}
		o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind}}
		o.SetName(name)
		err := CheckName(o)
		if (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}
