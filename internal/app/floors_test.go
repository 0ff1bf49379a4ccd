package app

import (
	"bytes"
	"encoding/json"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// floors lists the packages from the ground up. A package imports only floors
// below its own, so data flows one way and no circle can be built. On the ground
// floor faults, texts and the document rules may be used by the rest.
var floors = [][]string{
	{"fault", "access", "i18n", "config", "postgres", "rediskit", "blob", "embedded", "brazil", "folding", "letter", "sms", "dial", "seal", "commitment"},
	{"event", "channel", "jobs"},
	{"account", "customer", "ticket", "sla", "survey", "reach", "form", "toll", "antivirus", "mailbox", "roster"},
	{"outbox"},
	{"intake", "desk", "assign", "presence", "view", "calendar", "proof"},
	{"area"},
	{"realtime", "delivery", "copies", "mailroom", "ombudsman", "imports", "call", "incident", "routing", "bulk", "retention"},
	{"httpapi"},
	{"app", "demo", "doctor", "backup"},
}

const module = "github.com/escuta-sac/escuta/"

func TestFloors(t *testing.T) {
	floor := map[string]int{}
	for i, names := range floors {
		for _, name := range names {
			floor[name] = i
		}
	}
	seen := map[string]bool{}
	for _, p := range packages(t) {
		name, ours := strings.CutPrefix(p.ImportPath, module+"internal/")
		if !ours {
			continue
		}
		name, _, _ = strings.Cut(name, "/")
		if _, known := floor[name]; !known {
			t.Errorf("package %s stands on no floor: add it to the list", name)
			continue
		}
		seen[name] = true
		for _, path := range p.Imports {
			on, ours := strings.CutPrefix(path, module+"internal/")
			if !ours {
				if strings.HasPrefix(path, module+"cmd/") {
					t.Errorf("%s must not import a command", name)
				}
				continue
			}
			if on, _, _ = strings.Cut(on, "/"); on == name {
				continue
			}
			if floor[on] >= floor[name] && !(floor[on] == 0 && floor[name] == 0) {
				t.Errorf("%s (floor %d) must not import %s (floor %d)", name, floor[name], on, floor[on])
			}
		}
	}
	for name := range floor {
		if !seen[name] {
			t.Errorf("there is no package %s any more", name)
		}
	}
}

// fenced are the modules that have to stay replaceable: the only package that
// may import each, and the only file where that is narrower (docs/adr).
var fenced = []struct{ module, in, file string }{
	{"github.com/gofiber/fiber/", "httpapi", ""},
	{"github.com/danielgtaylor/huma/", "httpapi", ""},
	{"github.com/gofiber/websocket/", "httpapi", "websocket.go"},
}

func TestWhatMustStayReplaceableIsImportedInOnePlace(t *testing.T) {
	found := map[string]bool{}
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"internal/")
		for _, file := range p.GoFiles {
			parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range parsed.Imports {
				path := strings.Trim(spec.Path.Value, `"`)
				for _, f := range fenced {
					if !strings.HasPrefix(path, f.module) {
						continue
					}
					found[f.module] = true
					if name != f.in || f.file != "" && file != f.file {
						t.Errorf("%s/%s must not import %s", name, file, path)
					}
				}
			}
		}
	}
	for _, f := range fenced {
		if !found[f.module] {
			t.Errorf("nobody imports %s any more", f.module)
		}
	}
}

type listed struct {
	Dir     string
	GoFiles []string

	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Dir,GoFiles", module+"internal/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
