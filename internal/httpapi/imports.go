package httpapi

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/imports"
)

// importer is what these handlers need from package imports, and no more.
type importer interface {
	Upload(ctx context.Context, actor access.Actor, name string, r io.Reader, source imports.Source, target imports.Target) (imports.Preview, error)
	List(ctx context.Context, actor access.Actor) ([]imports.Import, error)
	Look(ctx context.Context, actor access.Actor, id int64) (imports.Preview, error)
	Problems(ctx context.Context, actor access.Actor, id, after int64, limit int) ([]imports.Problem, error)
	Start(ctx context.Context, actor access.Actor, id int64, source imports.Source, m imports.Mapping) (imports.Import, error)
	Cancel(ctx context.Context, actor access.Actor, id int64) (imports.Import, error)
}

// importRoutes bring in lists of complaints.
type importRoutes struct {
	*Server
	imports importer
}

// Import is one list that was brought in, or waits to be.
type Import struct {
	ID         int64             `json:"id"`
	Name       string            `json:"name"`
	Size       int64             `json:"size"`
	Source     string            `json:"source" enum:"consumidor_gov,reclame_aqui,procon,bacen,other"`
	Target     string            `json:"target" enum:"ombudsman,sac"`
	Format     string            `json:"format" enum:"csv,xlsx"`
	Delimiter  string            `json:"delimiter"`
	Encoding   string            `json:"encoding"`
	Columns    []string          `json:"columns"`
	Mapping    map[string]string `json:"mapping" doc:"Column of each field"`
	State      string            `json:"state" enum:"uploaded,queued,running,done,cancelled,failed"`
	Reason     string            `json:"reason" doc:"Why it failed"`
	Rows       int64             `json:"rows" doc:"Read so far"`
	Bytes      int64             `json:"bytes" doc:"Of size, read so far; 0 when that is unknown"`
	Imported   int64             `json:"imported"`
	Already    int64             `json:"already" doc:"Brought before"`
	Failed     int64             `json:"failed"`
	By         string            `json:"by"`
	CreatedAt  time.Time         `json:"created_at"`
	StartedAt  *time.Time        `json:"started_at"`
	FinishedAt *time.Time        `json:"finished_at"`
}

// ImportPreview is an import with its first rows and what is wrong so far.
type ImportPreview struct {
	Import   Import          `json:"import"`
	Fields   []string        `json:"fields" doc:"What a column can be"`
	Rows     [][]string      `json:"rows"`
	Problems []ImportProblem `json:"problems" doc:"The first hundred; all of them are in errors.csv"`
}

// ImportProblem is what is wrong with one row.
type ImportProblem struct {
	Row    int64  `json:"row" doc:"In the file; the heading is 1"`
	Column string `json:"column"`
	Code   string `json:"code"`
	Text   string `json:"text"`
	Value  string `json:"value" doc:"What stood there, cut"`
}

func importBody(i imports.Import) Import {
	mapping := map[string]string{}
	for f, c := range i.Mapping {
		mapping[string(f)] = c
	}
	return Import{i.ID, i.Name, i.Size, string(i.Source), string(i.Target), i.Shape.Format, i.Shape.Delimiter, i.Shape.Encoding, i.Shape.Columns,
		mapping, string(i.State), i.Reason, i.Rows, i.Bytes, i.Imported, i.Already, i.Failed, i.Account, i.CreatedAt, i.StartedAt, i.FinishedAt}
}

func problemBody(lang string) func(imports.Problem) ImportProblem {
	return func(p imports.Problem) ImportProblem {
		key := "import." + p.Code
		text := i18n.Text(lang, key, nil)
		if text == key {
			text = i18n.Text(lang, "field."+p.Code, map[string]any{"max": ""})
		}
		return ImportProblem{p.Row, p.Column, p.Code, text, p.Value}
	}
}

func previewBody(p imports.Preview, problems []imports.Problem, lang string) ImportPreview {
	out := ImportPreview{Import: importBody(p.Import), Rows: p.Rows, Problems: itemsOf(problems, problemBody(lang)).Items}
	if out.Rows == nil {
		out.Rows = [][]string{}
	}
	for _, f := range imports.Fields {
		out.Fields = append(out.Fields, string(f))
	}
	return out
}

// upload handles POST /api/imports: a file, whose list it is, and where to.
func (h importRoutes) upload(c *fiber.Ctx) error {
	ctx := c.UserContext()
	f, err := readForm(c, "source", "target")
	if err != nil {
		return err
	}
	if len(f.files) != 1 {
		return errInvalid.Field("body.file", "exactly_one")
	}
	file, err := f.files[0].Open()
	if err != nil {
		return errBadRequest.Because(err)
	}
	defer file.Close()
	p, err := h.imports.Upload(ctx, actorOf(ctx), fileName(f.files[0].Filename), file, imports.Source(f.values["source"]), imports.Target(f.values["target"]))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusCreated, previewBody(p, nil, requestOf(ctx).lang))
}

// list handles GET /api/imports.
func (h importRoutes) list(ctx context.Context, who access.Actor, _ *none) (Items[Import], error) {
	all, err := h.imports.List(ctx, who)
	return itemsOf(all, importBody), err
}

// problemsShown is how many come with an import; the rest is in the file.
const problemsShown = 100

// get handles GET /api/imports/{id}.
func (h importRoutes) get(ctx context.Context, who access.Actor, in *ByID) (ImportPreview, error) {
	id, err := pathID(in.ID, imports.ErrNotFound)
	if err != nil {
		return ImportPreview{}, err
	}
	p, err := h.imports.Look(ctx, who, id)
	if err != nil {
		return ImportPreview{}, err
	}
	problems, err := h.imports.Problems(ctx, who, id, 0, problemsShown)
	return previewBody(p, problems, requestOf(ctx).lang), err
}

type runImport struct {
	ByID
	Body struct {
		Source  string            `json:"source,omitempty" enum:"consumidor_gov,reclame_aqui,procon,bacen,other"`
		Mapping map[string]string `json:"mapping,omitempty" maxProperties:"20" doc:"Column of each field; left out, the suggested one"`
	}
}

// start handles POST /api/imports/{id}/run.
func (h importRoutes) start(ctx context.Context, who access.Actor, in *runImport) (Import, error) {
	id, err := pathID(in.ID, imports.ErrNotFound)
	if err != nil {
		return Import{}, err
	}
	var m imports.Mapping
	if in.Body.Mapping != nil {
		m = imports.Mapping{}
		for f, c := range in.Body.Mapping {
			m[imports.Field(f)] = c
		}
	}
	i, err := h.imports.Start(ctx, who, id, imports.Source(in.Body.Source), m)
	return importBody(i), err
}

// cancel handles POST /api/imports/{id}/cancel.
func (h importRoutes) cancel(ctx context.Context, who access.Actor, in *ByID) (Import, error) {
	id, err := pathID(in.ID, imports.ErrNotFound)
	if err != nil {
		return Import{}, err
	}
	i, err := h.imports.Cancel(ctx, who, id)
	return importBody(i), err
}

// errors handles GET /api/imports/{id}/errors.csv, for a spreadsheet: with a
// BOM, semicolons, and no cell that it would take for a formula.
func (h importRoutes) errors(c *fiber.Ctx) error {
	ctx := c.UserContext()
	id, err := pathID(c.Params("id"), imports.ErrNotFound)
	if err != nil {
		return err
	}
	lang := requestOf(ctx).lang
	var out strings.Builder
	out.WriteString("\ufeff")
	w := csv.NewWriter(&out)
	w.Comma, w.UseCRLF = ';', true
	heading := []string{}
	for _, key := range []string{"row", "column", "problem", "value"} {
		heading = append(heading, i18n.Text(lang, "import.heading."+key, nil))
	}
	if err := w.Write(heading); err != nil {
		return err
	}
	problems, err := h.imports.Problems(ctx, actorOf(ctx), id, 0, 10_000)
	if err != nil {
		return err
	}
	for _, p := range problems {
		b := problemBody(lang)(p)
		if err := w.Write([]string{strconv.FormatInt(b.Row, 10), imports.Cell(b.Column), imports.Cell(b.Text), imports.Cell(b.Value)}); err != nil {
			return err
		}
	}
	w.Flush()
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="erros.csv"`)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.SendString(out.String())
}
