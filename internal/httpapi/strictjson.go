package httpapi

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/escuta-sac/escuta/internal/fault"
)

// What a body may look like before anybody asks what it means.
const (
	maxDepth = 32
	maxNames = 1000
)

// strict is a body that is no JSON we read. Its text is for decode, which
// turns it back into a field and a code.
type strict struct {
	pointer jsontext.Pointer
	code    string
}

func (e *strict) Error() string {
	if path := e.path(); path != "" {
		return e.code + messageSeparator + "." + path
	}
	return e.code + messageSeparator
}

// path is the pointer as the other problems write it: a.b, not /a/b.
func (e *strict) path() string {
	var parts []string
	for token := range e.pointer.Tokens() {
		if len(token) > 64 {
			token = token[:64] // a name of a megabyte is not worth repeating
		}
		parts = append(parts, strings.ToValidUTF8(token, "?"))
	}
	return strings.Join(parts, ".")
}

func (e *strict) fault() *fault.Error {
	field := "body"
	if path := e.path(); path != "" {
		field += "." + path
	}
	if e.code == "syntax" {
		return errBadJSON.Field(field, e.code)
	}
	return errInvalid.Field(field, e.code)
}

// scan reads a body once without keeping anything: valid UTF-8, no name twice
// in one object, at most 32 levels and 1,000 names. What two parsers could read
// differently never reaches the second one.
func scan(body []byte) error {
	d := jsontext.NewDecoder(bytes.NewBuffer(body))
	names := 0
	for {
		token, err := d.ReadToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return refused(err)
		}
		if token.Kind() == '{' || token.Kind() == '[' {
			if d.StackDepth() > maxDepth {
				return &strict{code: "too_nested"}
			}
			continue
		}
		// Inside an object every odd value is a name.
		if kind, n := d.StackIndex(d.StackDepth()); kind == '{' && n%2 == 1 {
			if names++; names > maxNames {
				return &strict{code: "too_many_names"}
			}
		}
	}
}

// refused says in our words what the JSON packages found.
func refused(err error) error {
	if s := (*jsontext.SyntacticError)(nil); errors.As(err, &s) {
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return &strict{s.JSONPointer, "duplicate"}
		}
		return &strict{code: "syntax"}
	}
	if s := (*json.SemanticError)(nil); errors.As(err, &s) {
		if errors.Is(err, json.ErrUnknownName) {
			return &strict{s.JSONPointer, "unknown"}
		}
		return &strict{s.JSONPointer, wrongType(s)}
	}
	return &strict{code: "syntax"}
}

func wrongType(s *json.SemanticError) string {
	if s.GoType == nil {
		return "invalid"
	}
	switch s.GoType.Kind().String() {
	case "string":
		return "not_string"
	case "int", "int64", "int32", "int16":
		return "not_integer"
	case "bool":
		return "not_boolean"
	case "slice", "array":
		return "not_array"
	case "struct", "map":
		return "not_object"
	}
	return "invalid"
}

// readStrict decodes a body that Huma does not see.
func readStrict(body []byte, into any) error {
	err := scan(body)
	if err == nil {
		if err = json.Unmarshal(body, into, json.RejectUnknownMembers(true)); err == nil {
			return nil
		}
		err = refused(err)
	}
	return err.(*strict).fault()
}

// jsonFormat is how Huma reads and writes bodies. It reads each body twice,
// once to validate and once to fill the type; the scan goes with the first.
var jsonFormat = huma.Format{
	Marshal: func(w io.Writer, v any) error {
		return json.MarshalWrite(w, v, json.Deterministic(true))
	},
	Unmarshal: func(data []byte, v any) error {
		if _, first := v.(*any); first {
			if err := scan(data); err != nil {
				return err
			}
		}
		if err := json.Unmarshal(data, v); err != nil {
			return refused(err)
		}
		return nil
	},
}
