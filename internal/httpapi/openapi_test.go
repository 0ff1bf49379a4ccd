package httpapi

import (
	"bytes"
	"os"
	"testing"
)

// The document beside the front end is the one that the routes make. After a
// change of a route: make generate.
func TestOpenAPIBesideTheFrontEndIsCurrent(t *testing.T) {
	made, err := OpenAPI("1")
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("../../frontend/src/api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(made, kept) {
		t.Error("frontend/src/api/openapi.json is not what the routes say: run make generate")
	}
}
