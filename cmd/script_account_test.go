package cmd_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/deployer/access"
	"github.com/pintle-ci/pintle/deployer/kube"
)

// account FILE NAME makes $NS and applies a file as an administrator does, and makes the commands to come work by the service account
// NAME of $NS.
func account(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: account FILE NAME")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	admin, err := kube.Connect(kube.Config{Kubeconfig: ts.Getenv("KUBECONFIG")})
	ts.Check(err)
	ns, name := ts.Getenv("NS"), args[1]
	documents := fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata: {name: %[2]s}\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: %[1]s, namespace: %[2]s}\n---\n%[3]s", name, ns, ts.ReadFile(args[0]))
	for text := range strings.SplitSeq(documents, "---\n") {
		var o unstructured.Unstructured
		ts.Check(yaml.Unmarshal([]byte(text), &o.Object))
		_, err := admin.Apply(ctx, &o, kube.ApplyOptions{Manager: "admin"})
		ts.Check(err)
	}
	var token struct {
		Status struct {
			Token string `json:"token"`
		} `json:"status"`
	}
	request := map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": map[string]any{}}
	ts.Check(admin.Do(ctx, http.MethodPost, "/api/v1/namespaces/"+ns+"/serviceaccounts/"+name+"/token", request, &token))
	var config map[string]any
	ts.Check(yaml.Unmarshal([]byte(ts.ReadFile(ts.Getenv("KUBECONFIG"))), &config))
	for _, u := range config["users"].([]any) {
		u.(map[string]any)["user"] = map[string]any{"token": token.Status.Token}
	}
	text, err := yaml.Marshal(config)
	ts.Check(err)
	path := ts.MkAbs("account.kubeconfig")
	ts.Check(os.WriteFile(path, text, 0o600))
	ts.Setenv("KUBECONFIG", path)
	ts.Check(awaitRoles(ctx, path, ns))
}

// awaitRoles waits until the server lets the account do what is asked: its authorizer reads roles from caches that come a
// little later.
func awaitRoles(ctx context.Context, kubeconfig, namespace string) error {
	client, err := kube.Connect(kube.Config{Kubeconfig: kubeconfig, Namespace: namespace})
	if err != nil {
		return err
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !access.NewReviewer(client).May(ctx, access.Permission{Namespace: namespace, Resource: "secrets"}, "delete") {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}
