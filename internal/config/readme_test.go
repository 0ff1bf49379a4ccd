package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/config"
)

func TestTheReadmeTellsOfEveryVariable(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "<!-- configuration -->\n")
	table, _, closed := strings.Cut(rest, "<!-- /configuration -->")
	if !found || !closed {
		t.Fatal("the README has no place for the table of variables")
	}
	if want := config.Markdown(); table != want {
		t.Errorf("the README's table is not current; it should read:\n%s", want)
	}
}
