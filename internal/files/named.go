package files

import (
	"fmt"
	"io"
	"os"
)

// ReadNamed reads a file that the command line or the job's environment names, wherever
// it is, of at most limit bytes. It may be a pipe, as of a shell's process substitution.
// A file that cannot be opened is the *fs.PathError of os.Open.
func ReadNamed(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		return nil, fmt.Errorf("more than %d MiB", limit>>20)
	}
	return data, err
}
