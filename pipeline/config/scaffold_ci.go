package config

import "strings"

// jenkinsTag writes what an environment takes of tags as a condition of a Jenkins stage; the plugin matches whole
// names.
func jenkinsTag(versionTag string, t Tags) string {
	if t == AllTags {
		return "buildingTag()"
	}
	return "tag pattern: " + groovyText(tagExpression(versionTag, t)) + ", comparator: 'REGEXP'"
}

// gitlabTag writes what an environment takes of tags as a condition of a GitLab rule, quoted for YAML.
func gitlabTag(versionTag string, t Tags) string {
	if t == AllTags {
		return `'$CI_COMMIT_TAG'`
	}
	return `'$CI_COMMIT_TAG =~ /` + strings.ReplaceAll(tagExpression(versionTag, t), "/", `\/`) + `/'`
}

// tagExpression writes what is taken of tags, named as version.tag says, as a regular expression. It takes at least
// those: the run itself has the last word.
func tagExpression(versionTag string, t Tags) string {
	if t.isPattern() {
		return branchExpression(string(t))
	}
	before, after, named := strings.Cut(strings.TrimSuffix(versionTag, "{version}"), "{service}")
	expression := quoteExpression(before)
	if named {
		expression += "[a-z0-9-]+" + quoteExpression(after)
	}
	expression += `[0-9]+\.[0-9]+\.[0-9]+`
	if t == CandidateTags {
		expression += "-.+"
	}
	return "^" + expression + "$"
}

// quoteExpression is branchExpression of a text that stands for itself.
func quoteExpression(text string) string {
	text = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`*?[]\^`, r) {
			return '+' // which branchExpression writes as any character
		}
		return r
	}, text)
	return strings.TrimSuffix(strings.TrimPrefix(branchExpression(text), "^"), "$")
}
