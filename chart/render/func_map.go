package render

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

// userError is what a chart's author says through required or fail.
type userError struct{ message string }

func (e *userError) Error() string { return e.message }

// functions is the function map of one render, without include and tpl, which belong to a set of templates
// (facts/helm-format.md 4.17).
func (e *engine) functions(ctx context.Context) template.FuncMap {
	funcs := sprig.TxtFuncMap()
	delete(funcs, "env") // a chart must not read the environment
	delete(funcs, "expandenv")
	maps.Copy(funcs, durationFuncs())
	maps.Copy(funcs, template.FuncMap{
		"toToml": toTOML, "mustToToml": mustToTOML, "fromToml": fromTOML,
		"toYaml": toYAML, "mustToYaml": mustToYAML, "toYamlPretty": toYAMLPretty,
		"fromYaml": fromYAML, "fromYamlArray": fromYAMLArray,
		"toJson": toJSON, "mustToJson": mustToJSON,
		"fromJson": fromJSON, "fromJsonArray": fromJSONArray,
		"typeOf": typeOf, "typeIs": typeIs, "typeIsLike": typeIsLike,
		"required": e.required, "fail": e.fail,
		"lookup": e.lookup(ctx),
	})
	bounded(funcs)
	provideKeys(funcs)
	e.metered(funcs)
	funcs["_enter"], funcs["_leave"], funcs["_show"] = e.enter, e.leave, show
	funcs["_weigh"] = e.weigh
	if !e.opts.EnableDNS {
		funcs["getHostByName"] = func(string) string { return "" }
	}
	return funcs
}

func (e *engine) required(message string, v any) (any, error) {
	if s, isString := v.(string); v != nil && (!isString || s != "") {
		return v, nil
	}
	if e.opts.Lint {
		e.find("template/required", "required value is missing: "+message)
		return "", nil
	}
	return nil, &userError{message}
}

func (e *engine) fail(message string) (string, error) {
	if e.opts.Lint {
		e.find("template/fail", "the chart refuses these values: "+message)
		return "", nil
	}
	return "", &userError{message}
}

// lookup is the template function of that name. Offline, and while linting, it finds nothing.
func (e *engine) lookup(ctx context.Context) func(apiVersion, kind, namespace, name string) (map[string]any, error) {
	return func(apiVersion, kind, namespace, name string) (map[string]any, error) {
		if e.opts.Lookup == nil || e.opts.Lint {
			return map[string]any{}, nil
		}
		if apiVersion == "" || kind == "" {
			return map[string]any{}, errors.New("lookup needs an apiVersion and a kind")
		}
		object, err := e.opts.Lookup(ctx, apiVersion, kind, namespace, name)
		if err != nil {
			return map[string]any{}, fmt.Errorf("look up %s %s/%s: %w", kind, namespace, name, err)
		}
		if object == nil {
			object = map[string]any{}
		}
		return object, nil
	}
}

// typeNames gives the types that we have to have too the names of Helm's.
var typeNames = strings.NewReplacer(
	"render.authority", "sprig.certificate",
	"render.values", "common.Values",
	"render.files", "engine.files",
	"render.versionSet", "common.VersionSet",
	"render.capabilities", "common.Capabilities",
	"render.kubeVersion", "common.KubeVersion",
	"render.buildInfo", "version.BuildInfo",
)

// typeOf is sprig's.
func typeOf(v any) string { return typeNames.Replace(fmt.Sprintf("%T", v)) }

func typeIs(name string, v any) bool { return name == typeOf(v) }

func typeIsLike(name string, v any) bool {
	actual := typeOf(v)
	return name == actual || "*"+name == actual
}

// dropNoValue removes what text/template prints for a missing key.
func dropNoValue(s string) string { return strings.ReplaceAll(s, "<no value>", "") }
