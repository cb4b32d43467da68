package cmd

import urfave "github.com/urfave/cli/v2"

func takeOverFlag() urfave.Flag {
	return &urfave.BoolFlag{Name: "take-over", Usage: "go on with releases that another environment, project or repository has stamped, and make them this one's"}
}

func allowDowngradeFlag() urfave.Flag {
	return &urfave.BoolFlag{Name: "allow-downgrade", Usage: "deploy an older version over a newer one too: deploy.downgrade of pintle.yaml, refuse"}
}
