package retention_test

import (
	"flag"
	"testing"
)

// Each check of a property purges in a real database, so a few are enough for
// every day; -rapid.checks asks for more.
func TestMain(m *testing.M) {
	if err := flag.Lookup("rapid.checks").Value.Set("25"); err != nil {
		panic(err)
	}
	m.Run()
}
