package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// certLifetime is how long the sandbox's certificates are valid. A sandbox is thrown away long before.
const certLifetime = 365 * 24 * time.Hour

// authority is the sandbox's own certificate authority. Its key never leaves the process.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

// certFiles names the files of one certificate and its key.
type certFiles struct{ cert, key string }

func newAuthority(name string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	tmpl, err := template(pkix.Name{CommonName: name})
	if err != nil {
		return nil, err
	}
	tmpl.IsCA = true
	tmpl.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &authority{cert: cert, key: key, pem: encode("CERTIFICATE", der)}, nil
}

func certFilesOf(dir, name string) certFiles {
	return certFiles{cert: filepath.Join(dir, name+".crt"), key: filepath.Join(dir, name+".key")}
}

// issue makes a key and a certificate for it, and writes both, mode 0600.
func (a *authority) issue(files certFiles, subject pkix.Name, usage x509.ExtKeyUsage, hosts ...string) error {
	tmpl, err := template(subject)
	if err != nil {
		return err
	}
	tmpl.KeyUsage = x509.KeyUsageDigitalSignature
	tmpl.ExtKeyUsage = []x509.ExtKeyUsage{usage}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			tmpl.IPAddresses = append(tmpl.IPAddresses, ip)
		} else {
			tmpl.DNSNames = append(tmpl.DNSNames, h)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, key.Public(), a.key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(files.cert, encode("CERTIFICATE", der), 0o600); err != nil {
		return err
	}
	return writeKey(files.key, key)
}

func writeKey(file string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(file, encode("EC PRIVATE KEY", der), 0o600)
}

func template(subject pkix.Name) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	return &x509.Certificate{
		SerialNumber:          serial,
		Subject:               subject,
		NotBefore:             time.Now().Add(-time.Hour), // clocks of containers and hosts differ a little
		NotAfter:              time.Now().Add(certLifetime),
		BasicConstraintsValid: true,
	}, nil
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// pki is all key material of one sandbox.
type pki struct {
	ca            *authority
	caFile        string
	server        certFiles // what the API server shows
	kubelet       certFiles // what the node's log endpoint shows
	kubeletClient certFiles // what the API server shows to the node
	accountKey    string    // signs service account tokens
	tokens        map[string]string
	tokenFile     string
}

// identities are the static users of a sandbox: name, groups. Each part of the control plane has its own, with the
// rights that Kubernetes' own RBAC bootstrap gives it.
func identities(node string) map[string]string {
	return map[string]string{
		"admin":                          "system:masters",
		"pintle:cloud":                   "system:masters",
		"system:kube-controller-manager": "",
		"system:kube-scheduler":          "",
		"system:node:" + node:            "system:nodes",
	}
}

// pkiFiles names the files in dir.
func pkiFiles(dir string) *pki {
	return &pki{
		caFile:        filepath.Join(dir, "ca.crt"),
		server:        certFilesOf(dir, "apiserver"),
		kubelet:       certFilesOf(dir, "kubelet"),
		kubeletClient: certFilesOf(dir, "kubelet-client"),
		accountKey:    filepath.Join(dir, "service-account.key"),
		tokenFile:     filepath.Join(dir, "tokens.csv"),
	}
}

func newPKI(dir, node string) (*pki, error) {
	ca, err := newAuthority("pintle-sandbox")
	if err != nil {
		return nil, fmt.Errorf("make a certificate authority: %w", err)
	}
	p := pkiFiles(dir)
	p.ca, p.tokens = ca, map[string]string{}
	if err := os.WriteFile(p.caFile, ca.pem, 0o600); err != nil {
		return nil, err
	}
	if err := p.issueAll(); err != nil {
		return nil, fmt.Errorf("make certificates: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if err := writeKey(p.accountKey, key); err != nil {
		return nil, err
	}
	return p, p.writeTokens(node)
}

func (p *pki) issueAll() error {
	err := p.ca.issue(p.server, pkix.Name{CommonName: "kube-apiserver"}, x509.ExtKeyUsageServerAuth,
		"127.0.0.1", serviceIP, "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
	if err != nil {
		return err
	}
	if err := p.ca.issue(p.kubelet, pkix.Name{CommonName: "kubelet"}, x509.ExtKeyUsageServerAuth, "127.0.0.1"); err != nil {
		return err
	}
	return p.ca.issue(p.kubeletClient, pkix.Name{CommonName: "kube-apiserver-kubelet-client"}, x509.ExtKeyUsageClientAuth)
}

func (p *pki) writeTokens(node string) error {
	var csv []byte
	for user, groups := range identities(node) {
		secret := make([]byte, 32)
		if _, err := rand.Read(secret); err != nil {
			return err
		}
		p.tokens[user] = hex.EncodeToString(secret)
		csv = fmt.Appendf(csv, "%s,%q,%q,%q\n", p.tokens[user], user, user, groups)
	}
	return os.WriteFile(p.tokenFile, csv, 0o600)
}
