package chart

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// LoadArchive loads a chart from a gzipped tar as helm package writes it: one
// folder that holds the chart. At most 100 MiB and 100,000 files are unpacked,
// into memory; paths and links that leave the folder are errors. It reads r to
// the archive's end and no further.
func LoadArchive(ctx context.Context, r io.Reader) (*Chart, error) {
	b := newBudget()
	files, err := readArchive(ctx, r, b)
	if err != nil {
		return nil, err
	}
	return assembleTop(ctx, files, b)
}

// readArchive unpacks the files of a chart archive, without their first folder.
func readArchive(ctx context.Context, r io.Reader, b *budget) ([]*File, error) {
	packed := &io.LimitedReader{R: r, N: maxChartBytes}
	zip, err := gzip.NewReader(packed)
	if err != nil {
		return nil, fmt.Errorf("not a gzipped archive: %w", err)
	}
	defer zip.Close()
	// The limit holds for headers and padding too: a tar of a million empty
	// entries is as much of a bomb as one long file.
	limited := &io.LimitedReader{R: zip, N: maxChartBytes + 1}
	tr := tar.NewReader(limited)
	var files []*File
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		header, err := tr.Next()
		if errors.Is(err, io.EOF) && limited.N > 0 {
			break
		}
		if limited.N <= 0 {
			return nil, fmt.Errorf("%w: more than %d MiB unpacked", ErrTooLarge, maxChartBytes>>20)
		}
		if err != nil && packed.N <= 0 {
			return nil, fmt.Errorf("%w: more than %d MiB packed", ErrTooLarge, maxChartBytes>>20)
		}
		if err != nil {
			return nil, fmt.Errorf("read archive: %w", err)
		}
		file, err := readEntry(tr, header, limited, b)
		if err != nil {
			return nil, err
		}
		if file != nil {
			files = append(files, file)
		}
	}
	if len(files) == 0 {
		return nil, errors.New("the archive holds no files")
	}
	return files, nil
}

// readEntry reads one entry; folders and extended headers give nil.
func readEntry(tr *tar.Reader, header *tar.Header, limited *io.LimitedReader, b *budget) (*File, error) {
	if header.FileInfo().IsDir() || header.Typeflag == tar.TypeXGlobalHeader || header.Typeflag == tar.TypeXHeader {
		return nil, nil
	}
	name, err := entryName(header.Name)
	if err != nil {
		return nil, err
	}
	if err := checkLink(name, header); err != nil {
		return nil, err
	}
	if header.Size > limited.N {
		return nil, fmt.Errorf("%w: more than %d MiB unpacked", ErrTooLarge, maxChartBytes>>20)
	}
	if err := b.take(1, header.Size); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(tr)
	if err != nil {
		return nil, fmt.Errorf("read archive: %s: %w", header.Name, err)
	}
	return &File{Name: name, Data: bytes.TrimPrefix(data, utf8BOM)}, nil
}

// entryName turns an entry's name into a path in the chart
// (facts/helm-format.md 4.10).
func entryName(full string) (string, error) {
	separator := "/"
	if strings.ContainsRune(full, '\\') { // written on Windows
		separator = "\\"
	}
	first, name, _ := strings.Cut(full, separator)
	name = strings.ReplaceAll(name, separator, "/")
	switch {
	case first == "Chart.yaml":
		return "", errors.New("the archive has Chart.yaml at its top: pack the chart's folder, not its files")
	case path.IsAbs(name):
		return "", fmt.Errorf("the archive holds the absolute path %q", full)
	}
	name = path.Clean(name)
	switch {
	case name == ".":
		return "", fmt.Errorf("the archive holds %q outside of the chart's folder", full)
	case strings.HasPrefix(name, ".."):
		return "", fmt.Errorf("the archive holds %q, which leaves the chart", full)
	case len(name) > 2 && name[1] == ':' && name[2] == '/' && isLetter(name[0]):
		return "", fmt.Errorf("the archive holds the drive path %q", full)
	}
	return name, nil
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// checkLink refuses links that leave the chart; those that stay are empty
// files, as for Helm.
func checkLink(name string, header *tar.Header) error {
	if header.Typeflag != tar.TypeSymlink && header.Typeflag != tar.TypeLink {
		return nil
	}
	target := path.Join(path.Dir(name), header.Linkname)
	if header.Typeflag == tar.TypeLink { // named from the archive's top
		target = path.Clean(header.Linkname)
	}
	if path.IsAbs(header.Linkname) || target == ".." || strings.HasPrefix(target, "../") {
		return fmt.Errorf("the archive holds the link %q to %q, which leaves the chart", name, header.Linkname)
	}
	return nil
}
