// Package migrations holds the schema: numbered SQL, forward only, each file
// in a transaction of its own. Package postgres applies it.
package migrations

import "embed"

// FS has the files in its root.
//
//go:embed *.sql
var FS embed.FS
