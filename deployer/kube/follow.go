package kube

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxLogLine is how much of a line of a log is read; the rest of it is dropped.
const maxLogLine = 16 << 10

// FollowLogs tells the last tail lines of a container's log and then each new one, without its end, until the container
// has ended or ctx has. It does not reconnect. The error is nil where the log has come to its end.
func (c *Client) FollowLogs(
	ctx context.Context, namespace, pod, container string, tail int, tell func(line string),
) error {
	q := url.Values{"container": {container}, "follow": {"true"}, "tailLines": {strconv.Itoa(tail)}}
	doing := fmt.Sprintf("read the log of %s/%s", pod, container)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	resp, err := c.send(ctx, request{
		method: http.MethodGet, path: "/api/v1/namespaces/" + namespace + "/pods/" + url.PathEscape(pod) + "/log",
		query: q.Encode(), accept: "*/*",
	})
	if err != nil {
		return c.transportError(ctx, doing, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return c.statusError(doing, resp.StatusCode, refusal(resp, cancel))
	}
	if err := eachLine(resp.Body, tell); err != nil {
		return c.transportError(ctx, doing, err)
	}
	return nil
}

// eachLine tells the lines of r, of long ones the beginning.
func eachLine(r io.Reader, tell func(line string)) error {
	b := bufio.NewReaderSize(r, maxLogLine)
	for {
		text, err := b.ReadSlice('\n')
		line := strings.TrimRight(string(text), "\r\n")
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = b.ReadSlice('\n')
		}
		if line != "" {
			tell(line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
