// Package registry serves the sandbox's OCI registry: images and charts, blobs on disk, manifests in memory.
// It refuses requests of more than 64 MiB, knows no users, and is for loopback only.
package registry

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

// maxBody bounds what one request may bring, in bytes.
const maxBody = 64 << 20

// Serve serves a registry on l, with blobs in dir, until ctx ends.
func Serve(ctx context.Context, l net.Listener, dir string) error {
	handler := registry.New(
		registry.WithBlobHandler(registry.NewDiskBlobHandler(dir)),
		registry.WithReferrersSupport(true),
		registry.Logger(log.New(io.Discard, "", 0)),
	)
	server := &http.Server{
		Handler:           http.MaxBytesHandler(handler, maxBody),
		ReadHeaderTimeout: 10 * time.Second,
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return ctx.Err()
}
