package render

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"text/template"
)

// Making an RSA key takes a tenth of a second, often more than all the rest of a render. Charts call genCA and then
// genSignedCert, or genCA alone and do not use what it gives. So an authority's key is made when somebody looks at it
// or signs with it, and then on another core than the certificate's.

// maxLater bounds the authorities of one file's functions whose keys are made later: a thousand of them in a list would
// all be made in one call of toJson, which nothing interrupts.
const maxLater = 16

// newKey is a new key as PEM. The function that gets it reports what is none.
func newKey() string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err.Error()
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

// authority is what genCA returns: to templates the same as sprig's certificate, which cannot be named outside of
// sprig.
type authority struct {
	made func() (reflect.Value, error) // sprig's
}

// Cert is the certificate as PEM.
func (a authority) Cert() (string, error) { return a.field("Cert") }

// Key is the private key as PEM.
func (a authority) Key() (string, error) { return a.field("Key") }

func (a authority) field(name string) (string, error) {
	v, err := a.made()
	if err != nil {
		return "", err
	}
	return v.FieldByName(name).String(), nil
}

// MarshalJSON is for toJson and toYaml.
func (a authority) MarshalJSON() ([]byte, error) {
	v, err := a.made()
	if err != nil {
		return nil, err
	}
	return json.Marshal(v.Interface())
}

// Format is for print and its like.
func (a authority) Format(s fmt.State, verb rune) {
	v, err := a.made()
	if err != nil {
		return
	}
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), v.Interface())
}

// provideKeys replaces genCA and what signs with an authority.
func provideKeys(funcs template.FuncMap) {
	var later atomic.Int32
	made, signed := reflect.ValueOf(funcs["genCAWithKey"]), reflect.ValueOf(funcs["genSignedCertWithKey"])
	funcs["genCA"] = func(name string, days int) authority {
		a := authority{sync.OnceValues(func() (reflect.Value, error) {
			return certificateOf(made.Call(reflected(name, days, newKey())))
		})}
		if later.Add(1) > maxLater {
			_, _ = a.made() // and so bounded as any costly call; who looks at it gets the error
		}
		return a
	}
	signWithKey := func(name string, ips, hosts []any, days int, ca any, key string) (any, error) {
		by, err := signer(ca, signed.Type().In(4))
		if err != nil {
			return nil, err
		}
		v, err := certificateOf(signed.Call(append(reflected(name, ips, hosts, days), by, reflect.ValueOf(key))))
		if err != nil {
			return nil, err
		}
		return v.Interface(), nil
	}
	funcs["genSignedCertWithKey"] = signWithKey
	funcs["genSignedCert"] = func(name string, ips, hosts []any, days int, ca any) (any, error) {
		var other sync.WaitGroup
		if a, ok := ca.(authority); ok {
			other.Go(func() { _, _ = a.made() })
		}
		key := newKey()
		other.Wait()
		return signWithKey(name, ips, hosts, days, ca, key)
	}
}

// signer is an authority as sprig's functions take it.
func signer(ca any, certificate reflect.Type) (reflect.Value, error) {
	if a, ok := ca.(authority); ok {
		return a.made()
	}
	v := reflect.ValueOf(ca)
	if !v.IsValid() || v.Type() != certificate {
		return v, fmt.Errorf("the certificate authority must be what genCA or buildCustomCert returns, not %T", ca)
	}
	return v, nil
}

func reflected(args ...any) []reflect.Value {
	out := make([]reflect.Value, len(args))
	for i, arg := range args {
		out[i] = reflect.ValueOf(arg)
	}
	return out
}

func certificateOf(results []reflect.Value) (reflect.Value, error) {
	err, _ := reflect.TypeAssert[error](results[1])
	return results[0], err
}
