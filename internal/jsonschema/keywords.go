package jsonschema

import (
	"cmp"
	"encoding/json"
	"math/big"
	"slices"
)

// compile fills the node, draft by draft. Up to draft 7 a $ref hides what draft
// 4 knows, but not the keywords that came later, as in Helm's validator.
func (o *object) compile() (err error) {
	if o.ref, err = o.reference("$ref"); err != nil {
		return err
	}
	if o.draft >= 2019 || o.ref == nil {
		if err := o.applicators(); err != nil {
			return err
		}
		if err := o.assertions(); err != nil {
			return err
		}
	}
	o.since6()
	return o.since2019()
}

// applicators are the keywords of all drafts that hold schemas.
func (o *object) applicators() (err error) {
	if !o.resource.dialect.has("applicator") {
		return nil
	}
	o.allOf, o.anyOf, o.oneOf, o.not = o.schemas("allOf"), o.schemas("anyOf"), o.schemas("oneOf"), o.schema("not")
	_, isList := o.keywords["items"].([]any)
	switch {
	case o.draft >= 2020:
	case isList:
		o.items, o.additionalItems = o.schemas("items"), o.rest("additionalItems")
	default:
		n := o.schema("items")
		o.additionalItems = rest{node: n, given: n != nil}
	}
	o.properties, o.additionalProperties = o.named("properties"), o.rest("additionalProperties")
	if o.patternProperties, err = o.patterns("patternProperties"); err != nil {
		return err
	}
	held, _ := o.keywords["dependencies"].(map[string]any)
	for property, asked := range held {
		d := dependency{property: property}
		if list, ok := asked.([]any); ok {
			d.required = texts(list)
		} else {
			d.schema = o.compiler.node(o.down("dependencies", property))
		}
		o.dependencies = append(o.dependencies, d)
	}
	o.sortDependencies(0)
	return nil
}

// assertions are the keywords of all drafts that look at the value itself.
func (o *object) assertions() (err error) {
	if o.resource.dialect.has("validation") {
		o.types = kindOfName(o.keywords["type"])
		list, _ := o.keywords["type"].([]any)
		for _, name := range list {
			o.types |= kindOfName(name)
		}
		o.enum, o.hasEnum = o.keywords["enum"].([]any)
		o.ranges()
		o.minLength, o.maxLength = o.count("minLength"), o.count("maxLength")
		o.minItems, o.maxItems = o.count("minItems"), o.count("maxItems")
		o.minProperties, o.maxProperties = o.count("minProperties"), o.count("maxProperties")
		o.uniqueItems = o.keywords["uniqueItems"] == true
		required, _ := o.keywords["required"].([]any)
		o.required = texts(required)
		if pattern, ok := o.keywords["pattern"].(string); ok {
			if o.pattern, err = o.regexp("pattern", pattern); err != nil {
				return err
			}
		}
	}
	if o.opts.Formats || o.resource.dialect.asserts() {
		o.format, _ = o.keywords["format"].(string)
		o.fits = formats[o.format]
	}
	return nil
}

// ranges compiles the bounds of numbers; draft 4 excludes them by a boolean.
func (o *object) ranges() {
	o.multipleOf = o.number("multipleOf")
	o.minimum, o.exclusiveMinimum = o.number("minimum"), o.number("exclusiveMinimum")
	o.maximum, o.exclusiveMaximum = o.number("maximum"), o.number("exclusiveMaximum")
	if o.keywords["exclusiveMinimum"] == true {
		o.minimum, o.exclusiveMinimum = nil, o.minimum
	}
	if o.keywords["exclusiveMaximum"] == true {
		o.maximum, o.exclusiveMaximum = nil, o.maximum
	}
}

func (o *object) since6() {
	applicator := o.resource.dialect.has("applicator")
	if o.draft >= 6 && applicator {
		o.contains, o.propertyNames = o.schema("contains"), o.schema("propertyNames")
	}
	if v, ok := o.keywords["const"]; ok && o.draft >= 6 && o.resource.dialect.has("validation") {
		o.constant = &v
	}
	if o.draft >= 7 && applicator {
		o.condition = o.schema("if")
	}
	if o.condition != nil {
		if o.keywords["if"] != false {
			o.then = o.schema("then")
		}
		if o.keywords["if"] != true {
			o.otherwise = o.schema("else")
		}
	}
}

func (o *object) since2019() (err error) {
	if o.draft < 2019 {
		return nil
	}
	if o.recursiveRef, err = o.reference("$recursiveRef"); err != nil {
		return err
	}
	o.recursiveAnchor = o.keywords["$recursiveAnchor"] == true
	has := o.resource.dialect.has
	if has("validation") && o.contains != nil {
		o.minContains, o.maxContains = o.count("minContains"), o.count("maxContains")
	}
	kept := len(o.dependencies)
	if has("applicator") {
		for property, n := range o.named("dependentSchemas") {
			o.dependencies = append(o.dependencies, dependency{property: property, schema: n})
		}
	}
	if required, ok := o.keywords["dependentRequired"].(map[string]any); ok && has("validation") {
		for property, asked := range required {
			list, _ := asked.([]any)
			o.dependencies = append(o.dependencies, dependency{property: property, required: texts(list)})
		}
	}
	o.sortDependencies(kept)
	if o.draft == 2019 && has("applicator") || o.draft > 2019 && has("unevaluated") {
		o.unevaluatedItems, o.unevaluatedProperties = o.schema("unevaluatedItems"), o.schema("unevaluatedProperties")
	}
	if o.draft < 2020 {
		return nil
	}
	return o.since2020()
}

func (o *object) since2020() (err error) {
	if o.dynamicRef, err = o.reference("$dynamicRef"); err != nil {
		return err
	}
	if ref, ok := o.keywords["$dynamicRef"].(string); ok {
		if _, o.dynamicName, err = splitFragment(ref); err != nil {
			return err
		}
		if isPointer(o.dynamicName) {
			o.dynamicName = ""
		}
	}
	o.dynamicAnchor, _ = o.keywords["$dynamicAnchor"].(string)
	if o.resource.dialect.has("applicator") {
		o.items = o.schemas("prefixItems")
		n := o.schema("items")
		o.additionalItems = rest{node: n, given: n != nil}
	}
	return nil
}

// sortDependencies sorts those from one on, so that violations have an order.
func (o *object) sortDependencies(from int) {
	slices.SortStableFunc(o.dependencies[from:], func(a, b dependency) int { return cmp.Compare(a.property, b.property) })
}

// number is the exact value of a keyword, nil if it is none.
func (o *object) number(keyword string) *big.Rat {
	if n, ok := o.keywords[keyword].(json.Number); ok {
		return exact(n)
	}
	return nil
}

func (o *object) count(keyword string) *int {
	n := o.number(keyword)
	if n == nil || !n.IsInt() {
		return nil
	}
	f, _ := n.Float64()
	i := saturate(f)
	return &i
}

func texts(list []any) []string {
	var out []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
