package cluster

import (
	"path/filepath"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// access is how a client reaches the API server.
type access struct {
	name string // of the cluster and the context
	host string // https://127.0.0.1:PORT
	pki  *pki
}

// config is a client configuration for one of the static users. Nothing is throttled on the client: API Priority and
// Fairness does that, on the server.
func (a access) config(user string) *rest.Config {
	return &rest.Config{
		Host:            a.host,
		BearerToken:     a.pki.tokens[user],
		TLSClientConfig: rest.TLSClientConfig{CAData: a.pki.ca.pem},
		QPS:             -1,
	}
}

// write puts a kubeconfig for user into file, mode 0600.
func (a access) write(file, user string) error {
	kc := clientcmdapi.NewConfig()
	kc.Clusters[a.name] = &clientcmdapi.Cluster{Server: a.host, CertificateAuthorityData: a.pki.ca.pem}
	kc.AuthInfos[a.name] = &clientcmdapi.AuthInfo{Token: a.pki.tokens[user]}
	kc.Contexts[a.name] = &clientcmdapi.Context{Cluster: a.name, AuthInfo: a.name}
	kc.CurrentContext = a.name
	return clientcmd.WriteToFile(*kc, file)
}

// writePart puts the kubeconfig of a part of the control plane beside the other files.
func (a access) writePart(dir, user, file string) (string, error) {
	path := filepath.Join(dir, file)
	return path, a.write(path, user)
}
