package cluster

import (
	"context"
	"fmt"
	"net"

	"github.com/spf13/pflag"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apiserver/pkg/util/compatibility"
	"k8s.io/component-base/cli/flag"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	apioptions "k8s.io/kubernetes/cmd/kube-apiserver/app/options"
	kcm "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	kcmoptions "k8s.io/kubernetes/cmd/kube-controller-manager/app/options"
	ksched "k8s.io/kubernetes/cmd/kube-scheduler/app"
	schedoptions "k8s.io/kubernetes/cmd/kube-scheduler/app/options"
)

const (
	serviceRange = "10.96.0.0/16"
	serviceIP    = "10.96.0.1" // of the Service kubernetes: the first of serviceRange
	// advertiseIP stands in the endpoints of the Service kubernetes, where loopback is not allowed: TEST-NET-1, RFC 5737.
	advertiseIP = "192.0.2.1"
)

// controlPlane holds the options of the three Kubernetes components. They share feature gates, so all flags are
// registered and parsed first, then the gates are set, then the components run.
type controlPlane struct {
	api   *apioptions.ServerRunOptions
	kcm   *kcmoptions.KubeControllerManagerOptions
	sched *schedoptions.Options
}

// newControlPlane reads the arguments that a real installation gives to its components.
func newControlPlane(p *pki, listener net.Listener, etcd, kcmConfig, schedConfig string) (*controlPlane, error) {
	cp := &controlPlane{api: apioptions.NewServerRunOptions(), sched: schedoptions.NewOptions()}
	var err error
	if cp.kcm, err = kcmoptions.NewKubeControllerManagerOptions(); err != nil {
		return nil, err
	}
	kcmFlags := cp.kcm.Flags(kcm.KnownControllers(), kcm.ControllersDisabledByDefault(), kcm.ControllerAliases())
	cp.kcm.ParsedFlags = &kcmFlags
	for _, part := range []struct {
		name  string
		flags flag.NamedFlagSets
		args  []string
	}{
		{"kube-apiserver", cp.api.Flags(), apiserverArgs(p, etcd)},
		{"kube-controller-manager", kcmFlags, controllerArgs(p, kcmConfig)},
		{"kube-scheduler", *cp.sched.Flags, schedulerArgs(schedConfig)},
	} {
		if err := parse(part.name, part.flags, part.args); err != nil {
			return nil, fmt.Errorf("%s: %w", part.name, err)
		}
	}
	cp.api.SecureServing.Listener = listener
	cp.api.SecureServing.BindPort = listener.Addr().(*net.TCPAddr).Port
	return cp, compatibility.DefaultComponentGlobalsRegistry.Set()
}

func parse(name string, sets flag.NamedFlagSets, args []string) error {
	fs := pflag.NewFlagSet(name, pflag.ContinueOnError)
	for _, set := range sets.FlagSets {
		fs.AddFlagSet(set)
	}
	return fs.Parse(args)
}

func apiserverArgs(p *pki, etcd string) []string {
	return []string{
		"--etcd-servers=" + etcd,
		"--bind-address=127.0.0.1",
		"--advertise-address=" + advertiseIP,
		"--tls-cert-file=" + p.server.cert,
		"--tls-private-key-file=" + p.server.key,
		"--token-auth-file=" + p.tokenFile,
		"--anonymous-auth=false",
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + p.accountKey,
		"--service-account-signing-key-file=" + p.accountKey,
		"--service-cluster-ip-range=" + serviceRange,
		"--kubelet-certificate-authority=" + p.caFile,
		"--kubelet-client-certificate=" + p.kubeletClient.cert,
		"--kubelet-client-key=" + p.kubeletClient.key,
		"--kubelet-preferred-address-types=InternalIP",
		"--allow-privileged=true",
		"--profiling=false",
	}
}

func controllerArgs(p *pki, kubeconfig string) []string {
	return []string{
		"--kubeconfig=" + kubeconfig,
		"--leader-elect=false",
		"--secure-port=0",
		"--profiling=false",
		"--use-service-account-credentials=true",
		"--service-account-private-key-file=" + p.accountKey,
		"--root-ca-file=" + p.caFile,
		"--controllers=*,-node-ipam-controller,-node-route-controller,-service-lb-controller,-cloud-node-lifecycle-controller",
		"--controller-start-interval=0s",
		"--kube-api-qps=1000", "--kube-api-burst=2000",
	}
}

func schedulerArgs(kubeconfig string) []string {
	return []string{
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=", "--authorization-kubeconfig=",
		"--leader-elect=false",
		"--secure-port=0",
		"--profiling=false",
		"--kube-api-qps=1000", "--kube-api-burst=2000",
	}
}

func (cp *controlPlane) runAPIServer(ctx context.Context) error {
	completed, err := cp.api.Complete(ctx)
	if err != nil {
		return err
	}
	if errs := completed.Validate(); len(errs) > 0 {
		return utilerrors.NewAggregate(errs)
	}
	return app.Run(ctx, completed)
}

func (cp *controlPlane) runControllers(ctx context.Context) error {
	c, err := cp.kcm.Config(ctx, kcm.KnownControllers(), kcm.ControllersDisabledByDefault(), kcm.ControllerAliases())
	if err != nil {
		return err
	}
	return kcm.Run(ctx, c.Complete())
}

func (cp *controlPlane) runScheduler(ctx context.Context) error {
	cc, sched, err := ksched.Setup(ctx, cp.sched)
	if err != nil {
		return err
	}
	return ksched.Run(ctx, cc, sched)
}
