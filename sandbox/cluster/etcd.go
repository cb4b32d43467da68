package cluster

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// maxSocketPath is the longest path of a Unix socket that every system takes (sun_path is 104 bytes on macOS).
const maxSocketPath = 100

// walSegment is the size of the files that etcd allocates for its log ahead of need, two at a time, in bytes.
const walSegment = 8 << 20

// startEtcd runs etcd in this process and returns it with its endpoint. It listens on Unix sockets in dir, so that
// only the owner of the folder reaches the data: etcd itself asks nobody for a password.
func startEtcd(ctx context.Context, dir string, logs io.Writer) (*embed.Etcd, string, error) {
	client, peer := etcdSocket(dir), filepath.Join(dir, "peer.sock")
	if len(client) > maxSocketPath {
		return nil, "", fmt.Errorf("the path %s is too long for a socket: set PINTLE_SANDBOX_HOME to a shorter folder", client)
	}
	wal.SegmentSizeBytes = walSegment
	cfg := embed.NewConfig()
	cfg.Dir = filepath.Join(dir, "etcd")
	cfg.ListenClientUrls = []url.URL{{Scheme: "unix", Path: client}}
	// etcd wants advertised addresses with a port, and a single member never dials its own.
	nobody := []url.URL{{Scheme: "http", Host: "127.0.0.1:1"}}
	cfg.AdvertiseClientUrls, cfg.AdvertisePeerUrls = nobody, nobody
	cfg.ListenPeerUrls = []url.URL{{Scheme: "unix", Path: peer}}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.UnsafeNoFsync = true // the data is thrown away with the sandbox
	cfg.TickMs, cfg.ElectionMs = 20, 200
	cfg.SnapshotCount = 2000                      // entries kept in memory
	cfg.WarningUnaryRequestDuration = time.Second // embed has no default for it
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(etcdLogger(logs))
	e, err := embed.StartEtcd(cfg)
	if err != nil {
		return nil, "", err
	}
	select {
	case <-e.Server.ReadyNotify():
		return e, etcdEndpoint(dir), nil
	case err := <-e.Err():
		e.Close()
		return nil, "", err
	case <-ctx.Done():
		e.Close()
		return nil, "", context.Cause(ctx)
	}
}

func etcdSocket(dir string) string { return filepath.Join(dir, "etcd.sock") }

func etcdEndpoint(dir string) string { return "unix://" + etcdSocket(dir) }

func etcdLogger(w io.Writer) *zap.Logger {
	enc := zapcore.NewConsoleEncoder(zap.NewProductionEncoderConfig())
	return zap.New(zapcore.NewCore(enc, zapcore.AddSync(w), zapcore.WarnLevel))
}
