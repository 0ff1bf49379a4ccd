// Package frontend carries the built desk inside the binary.
package frontend

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var built embed.FS

// Dist is the output of the front end's build, rooted at index.html. On a
// checkout where the front end was never built it holds no index.html, and the
// server says so instead of the desk.
var Dist fs.FS = mustSub(built, "dist")

func mustSub(fsys fs.FS, dir string) fs.FS {
	sub, err := fs.Sub(fsys, dir)
	if err != nil {
		panic(err) // only an invalid path can fail, and "dist" is a constant
	}
	return sub
}
