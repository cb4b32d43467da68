// Package state keeps what is known about the sandboxes of a user: one folder per name, locked while it changes, with
// a file that says how to reach the sandbox and a lock that its process holds as long as it lives. A process id alone
// is never trusted. It refuses to look into the cluster.
package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

const (
	infoFile  = "sandbox.json"
	aliveFile = "alive"
	lockPoll  = 50 * time.Millisecond
	// claimTries is how often Claim tries: Alive holds the same lock for the moment in which it looks.
	claimTries = 10
)

// EnvHome names the variable that moves the folder of all sandboxes.
const EnvHome = "PINTLE_SANDBOX_HOME"

var validName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$`)

// Info says how to reach a running sandbox.
type Info struct {
	Name         string    `json:"name"`
	PID          int       `json:"pid"`
	Kubeconfig   string    `json:"kubeconfig"`     // in the sandbox's folder
	Copy         string    `json:"copy,omitempty"` // of the kubeconfig, where the user wanted one
	Server       string    `json:"server"`         // https://127.0.0.1:PORT
	Registry     string    `json:"registry"`       // 127.0.0.1:PORT
	StrictImages bool      `json:"strictImages"`
	Started      time.Time `json:"started"`
}

// Config is the kubeconfig to tell the user about.
func (i Info) Config() string {
	if i.Copy != "" {
		return i.Copy
	}
	return i.Kubeconfig
}

// Home returns the folder of all sandboxes: $PINTLE_SANDBOX_HOME, or pintle/sandbox in the user's cache folder.
func Home() (string, error) {
	if h := os.Getenv(EnvHome); h != "" {
		return filepath.Abs(h)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for sandboxes: %w: set %s", err, EnvHome)
	}
	return filepath.Join(cache, "pintle", "sandbox"), nil
}

// Folder is the folder of one sandbox, which may not exist.
type Folder struct {
	Name string
	Dir  string
}

// Open names the folder of the sandbox called name.
func Open(name string) (Folder, error) {
	if !validName.MatchString(name) {
		return Folder{}, fmt.Errorf("sandbox name %q: use 1 to 40 lower case letters, digits and dashes", name)
	}
	home, err := Home()
	if err != nil {
		return Folder{}, err
	}
	return Folder{Name: name, Dir: filepath.Join(home, name)}, nil
}

// List returns the folders of all sandboxes, running or not, by name.
func List() ([]Folder, error) {
	home, err := Home()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(home)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []Folder
	for _, e := range entries {
		if e.IsDir() && validName.MatchString(e.Name()) {
			out = append(out, Folder{Name: e.Name(), Dir: filepath.Join(home, e.Name())})
		}
	}
	return out, nil
}

// Lock makes the folder if need be and locks it against others that start or stop this sandbox. It waits until ctx ends.
func (f Folder) Lock(ctx context.Context) (unlock func(), err error) {
	for {
		unlock, err := f.tryLock()
		if err != nil || unlock != nil {
			return unlock, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("sandbox %s is being started or stopped by another process: %w", f.Name, context.Cause(ctx))
		case <-time.After(lockPoll):
		}
	}
}

// tryLock returns nil if another process holds the lock, or removed the folder while it was taken.
func (f Folder) tryLock() (func(), error) {
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return nil, err
	}
	file, err := os.Open(f.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if locked := flock(file) == nil; !locked || !same(file, f.Dir) {
		file.Close()
		return nil, nil
	}
	return func() { file.Close() }, nil
}

func flock(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

func same(file *os.File, path string) bool {
	a, errA := file.Stat()
	b, errB := os.Stat(path)
	return errA == nil && errB == nil && os.SameFile(a, b)
}

// Claim marks the folder as the home of this process until release or the process's end, however it comes.
func (f Folder) Claim() (release func(), err error) {
	file, err := os.OpenFile(filepath.Join(f.Dir, aliveFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for range claimTries {
		if flock(file) == nil {
			return func() { file.Close() }, nil
		}
		time.Sleep(lockPoll)
	}
	file.Close()
	return nil, fmt.Errorf("sandbox %s belongs to another process", f.Name)
}

// Alive reports whether a process holds the folder.
func (f Folder) Alive() bool {
	file, err := os.Open(filepath.Join(f.Dir, aliveFile))
	if err != nil {
		return false
	}
	defer file.Close()
	return flock(file) != nil
}

// Running returns how to reach the sandbox if it runs.
func (f Folder) Running() (Info, bool) {
	if !f.Alive() {
		return Info{}, false
	}
	data, err := os.ReadFile(filepath.Join(f.Dir, infoFile))
	if err != nil {
		return Info{}, false
	}
	var info Info
	return info, json.Unmarshal(data, &info) == nil
}

// Save writes info at once or not at all.
func (f Folder) Save(info Info) error {
	data, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	tmp := filepath.Join(f.Dir, infoFile+".new")
	if err := os.WriteFile(tmp, append(data, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(f.Dir, infoFile))
}

// Clear empties the folder of what a dead sandbox left, the copy of its kubeconfig included. The caller holds the lock.
func (f Folder) Clear() error {
	f.removeCopy()
	entries, err := os.ReadDir(f.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(f.Dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// Remove removes the folder, the copy of the kubeconfig, and the folders above that are empty now. The caller holds
// the lock.
func (f Folder) Remove() error {
	f.removeCopy()
	if err := os.RemoveAll(f.Dir); err != nil {
		return err
	}
	if os.Getenv(EnvHome) == "" {
		_ = os.Remove(filepath.Dir(f.Dir)) // fails if others use it, and should
		_ = os.Remove(filepath.Dir(filepath.Dir(f.Dir)))
	}
	return nil
}

// removeCopy removes the copy of the kubeconfig unless somebody has changed it.
func (f Folder) removeCopy() {
	data, err := os.ReadFile(filepath.Join(f.Dir, infoFile))
	var info Info
	if err != nil || json.Unmarshal(data, &info) != nil || info.Copy == "" {
		return
	}
	own, err := os.ReadFile(info.Kubeconfig)
	if err != nil {
		return
	}
	if theirs, err := os.ReadFile(info.Copy); err == nil && string(theirs) == string(own) {
		_ = os.Remove(info.Copy)
	}
}
