package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/i18n"
)

// Print writes the report as a table for a person.
func (r Report) Print(w io.Writer, lang string) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range r {
		fmt.Fprintf(table, "%s\t%s\t%s\n", i18n.Text(lang, "doctor.state."+string(c.State), nil), i18n.Text(lang, "doctor."+c.Name, nil), c.text(lang))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	verdict := "doctor.healthy"
	if !r.Healthy() {
		verdict = "doctor.unhealthy"
	}
	_, err := fmt.Fprintln(w, "\n"+i18n.Text(lang, verdict, nil))
	return err
}

// JSON writes the report for a program.
func (r Report) JSON(w io.Writer) error {
	type check struct {
		Name   string         `json:"name"`
		State  State          `json:"state"`
		Code   string         `json:"code"`
		Values map[string]any `json:"values,omitempty"`
		Error  string         `json:"error,omitempty"`
	}
	out := struct {
		Healthy bool    `json:"healthy"`
		Checks  []check `json:"checks"`
	}{Healthy: r.Healthy(), Checks: []check{}}
	for _, c := range r {
		line := check{Name: c.Name, State: c.State, Code: c.Text, Values: c.Args}
		if c.Err != nil {
			line.Error = c.Err.Error()
			if known(c.Err) {
				line.Code, line.Values = fault.From(c.Err).Code, fault.From(c.Err).Args
			}
		}
		out.Checks = append(out.Checks, line)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

func (c Check) text(lang string) string {
	switch {
	case c.Err == nil:
		return i18n.Text(lang, "doctor."+c.Name+"."+c.Text, c.Args)
	case known(c.Err):
		f := fault.From(c.Err)
		return i18n.Text(lang, "error."+f.Code, f.Args)
	}
	return c.Err.Error()
}
