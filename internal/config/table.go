package config

import (
	"reflect"
	"strings"
)

// Variable is one line of the table of variables.
type Variable struct {
	Name    string
	Default string // empty when there is none
	Help    string
}

// Table lists the variables in the order in which a reader wants them.
func Table() []Variable {
	var all []Variable
	for field := range reflect.TypeFor[Config]().Fields() {
		all = append(all, Variable{Name: field.Tag.Get("env"), Default: field.Tag.Get("envDefault"), Help: field.Tag.Get("help")})
	}
	return all
}

// Markdown is the table as it stands in the README, which a test compares.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| Variable | Default | Means |\n|---|---|---|\n")
	for _, v := range Table() {
		def := ""
		if v.Default != "" {
			def = "`" + v.Default + "`"
		}
		b.WriteString("| `" + v.Name + "` | " + def + " | " + v.Help + " |\n")
	}
	return b.String()
}

type variable struct {
	name, want string
	value      reflect.Value
}

func variables(c *Config) []variable {
	var all []variable
	value := reflect.ValueOf(c).Elem()
	for i, field := range reflect.VisibleFields(value.Type()) {
		all = append(all, variable{field.Tag.Get("env"), field.Tag.Get("want"), value.Field(i)})
	}
	return all
}
