package kubetest

import (
	"context"
	"net"
	"sync"
)

// door is a listener that can be shut, so that connections are refused, and opened again under the same address.
type door struct {
	address string

	mu      sync.Mutex
	opened  sync.Cond
	current net.Listener // nil while it is shut
	closed  bool         // for good
}

// Accept waits also while the door is shut.
func (d *door) Accept() (net.Conn, error) {
	for {
		d.mu.Lock()
		for d.current == nil && !d.closed {
			d.opened.Wait()
		}
		l, closed := d.current, d.closed
		d.mu.Unlock()
		if closed {
			return nil, net.ErrClosed
		}
		conn, err := l.Accept()
		if err == nil {
			return conn, nil
		}
		d.mu.Lock()
		same := d.current == l && !d.closed
		d.mu.Unlock()
		if same {
			return nil, err
		}
	}
}

// Close shuts it for good.
func (d *door) Close() error {
	d.shut()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	d.opened.Broadcast()
	return nil
}

// Addr is the same all the time.
func (d *door) Addr() net.Addr {
	a, err := net.ResolveTCPAddr("tcp", d.address)
	if err != nil {
		return nil
	}
	return a
}

func (d *door) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.current != nil {
		_ = d.current.Close()
		d.current = nil
	}
}

func (d *door) open() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.current != nil {
		return nil
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", d.address)
	if err != nil {
		return err
	}
	d.current = l
	d.opened.Broadcast()
	return nil
}
