package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/escuta-sac/escuta/internal/config"
	"github.com/escuta-sac/escuta/internal/doctor"
	"github.com/escuta-sac/escuta/internal/httpapi"
)

type migrateCommand struct{}

// Run brings the schema up to date, which serve does as well.
func (migrateCommand) Run(ctx context.Context, e env) error {
	return with(ctx, e, func(config.Config, *engines, *slog.Logger) error {
		e.say("migrated", nil)
		return nil
	})
}

type doctorCommand struct {
	JSON bool `help:"${help_doctor_json}"`
}

// errUnhealthy ends the command with its code; the report has said why.
var errUnhealthy = errors.New("unhealthy")

// Run prints the report.
func (c doctorCommand) Run(ctx context.Context, e env) error {
	cfg, err := config.Load(e.environ)
	if err != nil {
		return err
	}
	report := doctor.Examine(ctx, cfg)
	if c.JSON {
		err = report.JSON(e.out)
	} else {
		err = report.Print(e.out, e.lang)
	}
	if err == nil && !report.Healthy() {
		err = errUnhealthy
	}
	return err
}

type openAPICommand struct{}

// Run prints the OpenAPI document, from which the front end's client is made.
// Its version is fixed, or each commit would change the generated files.
func (openAPICommand) Run(e env) error {
	document, err := httpapi.OpenAPI("1")
	if err == nil {
		_, err = e.out.Write(document)
	}
	return err
}
