package httpapi

import (
	"encoding/json"
	"log/slog"
	"maps"
	"net/url"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/escuta-sac/escuta/internal/postgres"
)

// newAPI puts Huma on app.
func newAPI(app *fiber.App, version string) huma.API {
	config := huma.DefaultConfig("Escuta", version)
	config.Info.Description = "Support desk: tickets, deadlines, customers."
	config.Formats = map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat}
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "/api/openapi", "", ""
	config.CreateHooks = nil // they add a $schema member to every answer
	config.RejectUnknownQueryParameters = true
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: sessionCookie, Description: "Unsafe calls also carry X-CSRF-Token"},
		"token":   {Type: "http", Scheme: "bearer"},
	}
	return humafiber.New(app, config)
}

// OpenAPI is the document of every call, as it is kept beside the front end.
func OpenAPI(version string) ([]byte, error) {
	s, err := New(Options{
		BaseURL: &url.URL{Scheme: "http", Host: "localhost"}, TimeZone: time.UTC, Version: version,
		Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
	}, Services{DB: &postgres.DB{}})
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(s.api.OpenAPI(), "", "  ")
	return append(text, '\n'), err
}

// nullable corrects what Huma cannot say: a member that is an object or null.
func nullable(schemas huma.Registry) {
	for owner, members := range map[string][]string{"TicketDetail": {"customer", "holder"}, "Changed": {"ticket"}} {
		properties := schemas.Map()[owner].Properties
		for _, name := range members {
			properties[name] = &huma.Schema{AnyOf: []*huma.Schema{{Ref: properties[name].Ref}, {Type: "null"}}}
		}
	}
}

// document describes a native call: its bodies and its answer, by type. A form
// is the same members as the JSON body, an object among them as JSON, and files.
func (s *Server) document(summary string, status int, body, answer reflect.Type, parameters ...*huma.Param) *huma.Operation {
	schemas := s.api.OpenAPI().Components.Schemas
	op := &huma.Operation{Summary: summary, Parameters: parameters, Responses: map[string]*huma.Response{
		strconv.Itoa(status): {Description: "Done", Content: jsonContent(schemas.Schema(answer, true, ""))},
		"default": {Description: "Error", Content: map[string]*huma.MediaType{
			"application/problem+json": {Schema: schemas.Schema(reflect.TypeFor[Problem](), true, "")}}},
	}}
	files := &huma.Schema{Type: "array", Items: &huma.Schema{Type: "string", Format: "binary"}}
	form := &huma.Schema{Type: "object", Properties: map[string]*huma.Schema{"files": files}}
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: form}}}
	if body != nil {
		in := schemas.Schema(body, true, "")
		op.RequestBody.Content["application/json"] = &huma.MediaType{Schema: in}
		maps.Copy(form.Properties, schemas.SchemaFromRef(in.Ref).Properties)
	}
	return op
}

func jsonContent(schema *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{"application/json": {Schema: schema}}
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }
