package readiness

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
)

// Bounds on what one expression may take. An evaluation runs on every change of an object and must not be felt.
const (
	MaxExpression = 4 << 10 // bytes of text
	maxCost       = 100_000 // units of CEL's cost model: some thousand comparisons
	maxDepth      = 40      // of nesting
)

// Expression is a compiled expression that is true or false of an object. It is safe for concurrent use.
type Expression struct {
	text    string
	program cel.Program
}

// SyntaxError is an expression that does not compile. Line and Column count from 1, within the expression.
type SyntaxError struct {
	Line, Column int
	Message      string
}

// Error is the message with the place.
func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("at character %d of line %d: %s", e.Column, e.Line, e.Message)
}

// variables are those of an expression: the object's own top-level fields, as in Flux's health checks, and the whole of
// it as "object". A field that the object lacks is an empty map.
var variables = []string{"metadata", "spec", "status", "data"}

// environment is made at the first use: it costs milliseconds that a command without expressions must not pay.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.Variable("object", cel.DynType), cel.Variable("apiVersion", cel.StringType), cel.Variable("kind", cel.StringType),
		cel.OptionalTypes(), cel.CrossTypeNumericComparisons(true), cel.DefaultUTCTimeZone(true),
		cel.ParserRecursionLimit(maxDepth), cel.ParserExpressionSizeLimit(MaxExpression),
	}
	for _, f := range variables {
		options = append(options, cel.Variable(f, cel.MapType(cel.StringType, cel.DynType)))
	}
	return cel.NewEnv(options...)
})

// Compile reads an expression. The error is a *SyntaxError: the text is no CEL, names what is unknown, or says
// something else than true or false.
func Compile(text string) (*Expression, error) {
	if strings.TrimSpace(text) == "" {
		return nil, &SyntaxError{Message: "the expression is empty"}
	}
	if len(text) > MaxExpression {
		return nil, &SyntaxError{Message: fmt.Sprintf("the expression has more than %d bytes", MaxExpression)}
	}
	env, err := environment()
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(text)
	if issues != nil && len(issues.Errors()) > 0 {
		first := issues.Errors()[0]
		at := first.Location
		return nil, &SyntaxError{Line: at.Line(), Column: at.Column() + 1, Message: celMessage(first.Message)}
	}
	if t := ast.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.DynType) {
		return nil, &SyntaxError{Message: fmt.Sprintf("it gives %s, and must give true or false", t)}
	}
	program, err := env.Program(ast, cel.CostLimit(maxCost), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, &SyntaxError{Message: celMessage(err.Error())}
	}
	return &Expression{text: text, program: program}, nil
}

// celMessage is CEL's message in our form: one line, without its own grammar.
func celMessage(message string) string {
	message, _, _ = strings.Cut(message, " expecting {")
	message = strings.TrimPrefix(message, "Syntax error: ")
	return strings.ReplaceAll(strings.Join(strings.Fields(message), " "), " (in container '')", "")
}

// String is the text of the expression.
func (e *Expression) String() string { return e.text }

// ErrUnknown is an expression that cannot say: it reads a field that the object does not have yet, or costs too much.
// What it would say is open.
var ErrUnknown = errors.New("the expression cannot say")

// True evaluates the expression on an object. An error wraps ErrUnknown.
func (e *Expression) True(object map[string]any) (bool, error) {
	in := map[string]any{"object": object, "apiVersion": textIn(object, "apiVersion"), "kind": textIn(object, "kind")}
	for _, f := range variables {
		in[f] = map[string]any{}
		if m, ok := object[f].(map[string]any); ok {
			in[f] = m
		}
	}
	out, _, err := e.program.Eval(in)
	if err != nil {
		return false, fmt.Errorf("%w: %s", ErrUnknown, celMessage(err.Error()))
	}
	is, ok := out.Value().(bool)
	if !ok {
		return false, fmt.Errorf("%w: it gives %v, not true or false", ErrUnknown, out.Type())
	}
	return is, nil
}

func textIn(object map[string]any, key string) string {
	s, _ := object[key].(string)
	return s
}
