package i18n

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A fault is told by its code, wherever in the program it is made. A code
// without a text would be shown as itself.
func TestEveryFaultHasATextInEveryLanguage(t *testing.T) {
	faults := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			key := ""
			if code, ok := lastText(n, "New", "fault"); ok {
				key, faults = "error."+code, faults+1
			} else if code, ok := lastText(n, "Field", ""); ok {
				key = "field." + code
			}
			if key != "" && !Has(key) && !Has(key+".other") {
				t.Errorf("%s: no text for %q", path, key)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if faults < 40 {
		t.Errorf("only %d faults were found: is the test looking in the right place?", faults)
	}
}

// lastText is the last argument of a call of this name, when it is a literal of
// at least two: fault.New(kind, "code"), err.Field("field", "code").
func lastText(n ast.Node, name, of string) (string, bool) {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) != 2 {
		return "", false
	}
	called, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || called.Sel.Name != name {
		return "", false
	}
	if from, ok := called.X.(*ast.Ident); of != "" && (!ok || from.Name != of) {
		return "", false
	}
	text, ok := call.Args[1].(*ast.BasicLit)
	if !ok || text.Kind != token.STRING {
		return "", false
	}
	code, err := strconv.Unquote(text.Value)
	return code, err == nil
}
