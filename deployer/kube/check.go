package kube

import (
	"context"
	"encoding/json"
	"net/http"
)

// CheckDelete asks whether Delete would be let through: admission runs, and nothing is deleted.
func (c *Client) CheckDelete(ctx context.Context, ref Ref, uid string) error {
	path, err := c.path(ctx, ref)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "DeleteOptions", "dryRun": []string{"All"}, "preconditions": map[string]any{"uid": uid},
	})
	if err != nil {
		return err
	}
	return c.do(ctx, request{
		method: http.MethodDelete, path: path, query: "dryRun=All", contentType: "application/json", body: body,
		doing: "check the deletion of " + ref.Long(),
	}, nil)
}
