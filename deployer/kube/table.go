package kube

import (
	"context"
	"net/http"
	"net/url"
)

// Table is objects as the server would have them printed: `kubectl get`.
type Table struct {
	Columns []Column `json:"columnDefinitions"`
	Rows    []Row    `json:"rows"`
}

// Column is one column of a Table.
type Column struct {
	Name     string `json:"name"`
	Priority int    `json:"priority"` // above 0: only for wide tables
}

// Row is one object; it has a cell for each column: a string, number or bool, or nil.
type Row struct {
	Cells []any `json:"cells"`
}

const asTable = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

// Table reads one object as a table of one row; absent is an *Error with Reason NotFound.
func (c *Client) Table(ctx context.Context, ref Ref) (Table, error) {
	path, err := c.path(ctx, ref)
	if err != nil {
		return Table{}, err
	}
	return c.table(ctx, path, url.Values{}, "get "+ref.Long())
}

// TableOf reads the selected objects of a kind as one table.
func (c *Client) TableOf(ctx context.Context, apiVersion, kind string, s Selection) (Table, error) {
	res, err := c.Resource(ctx, apiVersion, kind)
	if err != nil {
		return Table{}, err
	}
	return c.table(ctx, res.root(s.Namespace), s.query(), "list "+res.Plural)
}

func (c *Client) table(ctx context.Context, path string, q url.Values, doing string) (Table, error) {
	q.Set("includeObject", "None")
	var t Table
	err := c.do(ctx, request{method: http.MethodGet, path: path, query: q.Encode(), accept: asTable, doing: doing}, &t)
	return t, err
}
