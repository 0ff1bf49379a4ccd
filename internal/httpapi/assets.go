package httpapi

import (
	"fmt"
	"hash/fnv"
	"io/fs"
	"mime"
	"path"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// assets is the built single-page application, held in memory with whatever
// compressed twins the build made (name.br, name.gz).
type assets struct {
	files map[string]asset
}

type asset struct {
	plain, br, gz []byte
	mime, tag     string
	immutable     bool
}

// hashedFolder is where the build puts files whose names change with their content.
const hashedFolder = "assets/"

func loadAssets(built fs.FS) (*assets, error) {
	a := &assets{files: map[string]asset{}}
	if built == nil {
		return a, nil
	}
	err := fs.WalkDir(built, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(built, name)
		if err != nil {
			return err
		}
		a.add(name, content)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the built front end: %w", err)
	}
	return a, nil
}

func (a *assets) add(name string, content []byte) {
	original, coding := name, path.Ext(name)
	if coding == ".br" || coding == ".gz" {
		original = strings.TrimSuffix(name, coding)
	}
	f := a.files[original]
	switch coding {
	case ".br":
		f.br = content
	case ".gz":
		f.gz = content
	default:
		sum := fnv.New64a()
		sum.Write(content)
		f.plain, f.tag = content, fmt.Sprintf(`"%x"`, sum.Sum64())
		f.mime = contentType(name)
		f.immutable = strings.HasPrefix(name, hashedFolder)
	}
	a.files[original] = f
}

// contentType does not ask the machine's tables: they differ, and a script that
// is served as text does not run.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".webmanifest":
		return "application/manifest+json"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// page answers every address that no call has: with a file of the application,
// or with its shell, which knows what /fila means.
func (s *Server) page(c *fiber.Ctx) error {
	if strings.HasPrefix(c.Path(), "/api/") {
		return c.Next() // Fiber knows whether another method would have been right
	}
	if method := c.Method(); method != fiber.MethodGet && method != fiber.MethodHead {
		return errNoRoute
	}
	name := strings.TrimPrefix(c.Path(), "/")
	f, found := s.assets.files[name]
	if !found || f.plain == nil {
		if path.Ext(name) != "" {
			return errNoRoute
		}
		if f, found = s.assets.files["index.html"]; !found {
			return c.Type("txt", "utf-8").SendString("Escuta is running. This build carries no front end: run make build.\n")
		}
	}
	return f.send(c)
}

func (f asset) send(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, f.mime)
	c.Set(fiber.HeaderETag, f.tag)
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	c.Set(fiber.HeaderCacheControl, "no-cache")
	if f.immutable {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	}
	if c.Get(fiber.HeaderIfNoneMatch) == f.tag {
		return c.SendStatus(fiber.StatusNotModified)
	}
	body := f.plain
	switch {
	case c.Get(fiber.HeaderAcceptEncoding) == "": // Fiber takes silence for "anything"
	case f.br != nil && c.AcceptsEncodings("br") != "":
		c.Set(fiber.HeaderContentEncoding, "br")
		body = f.br
	case f.gz != nil && c.AcceptsEncodings("gzip") != "":
		c.Set(fiber.HeaderContentEncoding, "gzip")
		body = f.gz
	}
	return c.Send(body)
}
