package postgres_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
)

func TestOnlySlowStatementsAreLoggedAndWithoutTheirValues(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	db := pgtest.Open(t, pgtest.Empty(t), postgres.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err := db.Gorm.Exec("SELECT * FROM nothing WHERE cpf = ?", "11144477735").Error; err == nil {
		t.Fatal("read a table that is not there")
	}
	if log.Len() != 0 {
		t.Errorf("logged an error that was returned: %s", log.String())
	}
	if err := db.Gorm.Exec("SELECT pg_sleep(0.25), ?::text", "11144477735").Error; err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "pg_sleep") || strings.Contains(log.String(), "11144477735") {
		t.Errorf("logged %q", log.String())
	}
}
