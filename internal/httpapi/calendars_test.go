package httpapi

import (
	"bytes"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
)

// A town's holidays: the calendar is made, the file is shown, done, and stands in
// the year; a built-in calendar tells its year, too, and takes nothing.
func TestACalendarOfATownFromItsFile(t *testing.T) {
	t.Parallel()
	w := start(t)
	admin, agent := w.as(access.Admin), w.as(access.Agent)
	given := map[string]any{"name": "Loja de Santos", "zone": "America/Sao_Paulo", "holidays": "national", "state": "SP", "optional": true, "days": []any{},
		"week": [][]map[string]int{{}, {{"from": 480, "to": 720}, {"from": 780, "to": 1080}}, {}, {}, {{"from": 1320, "to": 1800}}, {}, {}}}
	var c Calendar
	admin.post("/api/calendars", given).want(201).into(&c)
	if c.ID != "loja-de-santos" || c.Version != 1 || c.BuiltIn || len(c.Week[1]) != 2 {
		t.Fatalf("%+v", c)
	}
	bring := func(path, file string, fields ...string) answer {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		part, err := form.CreateFormFile("files", "santos.csv")
		w.must(err)
		_, err = part.Write([]byte(file))
		w.must(err)
		for i := 0; i < len(fields); i += 2 {
			w.must(form.WriteField(fields[i], fields[i+1]))
		}
		w.must(form.Close())
		return admin.call("POST", path, form.FormDataContentType(), body.Bytes())
	}
	var b BroughtDays
	path := "/api/calendars/loja-de-santos/days/import"
	bring(path, "26/01/2026;Aniversário de Santos\n32/01/2026;Nada\n").want(200).into(&b)
	if b.Done || len(b.Adds) != 1 || len(b.Bad) != 1 || b.Bad[0].Line != 2 || b.Bad[0].Why == "" || strings.HasPrefix(b.Bad[0].Why, "calendar.") {
		t.Fatalf("%+v", b)
	}
	bring(path, "26/01/2026;Aniversário de Santos\n", "run", "true", "version", "9").want(409).problem("calendar_version_conflict")
	bring(path, "26/01/2026;Aniversário de Santos\n", "run", "true", "version", "1").want(200).into(&b)
	if !b.Done || b.Calendar.Version != 2 || b.Calendar.Days[0].Source != "santos.csv" {
		t.Fatalf("%+v", b)
	}
	bring("/api/calendars/br/days/import", "26/01/2026;X\n").want(409).problem("calendar_built_in")
	bring(path, "26/01/2026;X\n", "run", "maybe").want(422).problem("invalid", "body.run")
	bring(path, "nada").want(422).problem("calendar_file_none")
	var year CalendarYear
	agent.get("/api/calendars/loja-de-santos/year/2026").want(200).into(&year)
	names := map[string]UnusualDay{}
	for _, d := range year.Days {
		names[d.Day] = d
	}
	if d := names["2026-01-26"]; d.Origin != "special" || d.Name != "Aniversário de Santos" {
		t.Errorf("%+v", d)
	}
	if d := names["2026-07-09"]; d.Origin != "state" || d.Name != "Revolução Constitucionalista de 1932" {
		t.Errorf("%+v", d)
	}
	agent.get("/api/calendars/br-rj/year/2026").want(200).into(&year)
	for _, bad := range []string{"1", "x", "99999", "-2026"} {
		agent.get("/api/calendars/br/year/"+bad).want(400).problem("invalid", "path.year")
	}
	agent.get("/api/calendars/lua/year/2026").want(404).problem("calendar_not_found")
	var list Items[Calendar]
	agent.get("/api/calendars").want(200).into(&list)
	if len(list.Items) != 31 || list.Items[0].ID != "loja-de-santos" || list.Items[1].Name != "Brasil, feriados nacionais" || list.Items[30].Name != "Brasil e Tocantins" {
		t.Errorf("%d calendars: %+v", len(list.Items), list.Items[0])
	}
	given["version"] = 2
	given["week"] = [][]map[string]int{{}, {}, {}, {}, {}, {}, {}}
	admin.call("PUT", "/api/calendars/loja-de-santos", "application/json", encoded(t, given)).want(422).problem("calendar_invalid", "body.week")
	admin.call("DELETE", "/api/calendars/loja-de-santos", "", nil).want(204)
	admin.get("/api/calendars/loja-de-santos").want(404)
}
