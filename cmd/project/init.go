package project

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/git"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/internal/files"
	"github.com/pintle-ci/pintle/pipeline/config"
)

// InitCommand is "pintle init".
func InitCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "init", Usage: "look at the repository and write pintle.yaml, a Jenkinsfile and a .gitlab-ci.yml that work as they are", ArgsUsage: "[FOLDER]",
		Flags: []urfave.Flag{
			&urfave.StringFlag{Name: "project", Usage: "the product's `NAME`; that of the git remote or the folder otherwise"},
			&urfave.StringFlag{Name: "charts", Usage: "where charts are pushed: `oci://HOST/PATH`"},
			&urfave.StringFlag{Name: "images", Usage: "where images are: `HOST/PATH`"},
		},
		Action: func(c *urfave.Context) error {
			if c.Args().Len() > 1 {
				return cli.Usagef("init takes one folder, or none for this one")
			}
			return scaffold(e, c)
		},
	}
}

func scaffold(e cli.Env, c *urfave.Context) error {
	dir, err := filepath.Abs(c.Args().First())
	if err != nil {
		return fmt.Errorf("init: %w", err)
	}
	tree, err := files.Around(dir)
	if err != nil {
		return cli.WithCode(exitcode.Usage, fmt.Errorf("look at %s: %w", dir, err))
	}
	found, err := config.Scan(tree.FS(dir))
	if err != nil {
		return cli.WithCode(exitcode.Usage, fmt.Errorf("look at %s: %w", dir, err))
	}
	said := func(args ...string) string { return gitText(c, dir, args...) }
	written, err := config.Scaffold(found, config.Options{
		Project: c.String("project"), Folder: filepath.Base(dir), Charts: c.String("charts"), Images: c.String("images"),
		Remote: said("remote", "get-url", "origin"), Branch: said("symbolic-ref", "--short", "HEAD"),
		Branches: strings.Fields(said("for-each-ref", "--format=%(refname:strip=2)", "--count=1000", "refs/heads")),
		Tags:     strings.Fields(said("for-each-ref", "--format=%(refname:strip=2)", "--count=1000", "--sort=-creatordate", "refs/tags")),
	})
	if err != nil {
		return cli.WithCode(exitcode.Usage, err)
	}
	if err := config.Write(dir, written); err != nil {
		return err
	}
	for _, f := range written {
		verb := "wrote"
		if f.Kept {
			verb = "kept "
		}
		fmt.Fprintln(e.StdoutText, verb, f.Path)
	}
	fmt.Fprintln(e.StderrText, "next: look at pintle.yaml, then \"pintle check\" and \"pintle build\"")
	return nil
}

// gitText is what git prints, empty when there is no git or it has no answer: init is content with less.
func gitText(c *urfave.Context, dir string, args ...string) string {
	out, err := git.Command{Dir: dir, Environ: git.ReadOnly(git.Environment(os.Environ()))}.Run(c.Context, args...)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
