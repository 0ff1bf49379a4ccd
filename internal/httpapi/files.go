package httpapi

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/ticket"
)

// fileRoutes hand out attachments. The link has a random token, and is good
// only for whoever may see the ticket now.
type fileRoutes struct {
	*Server
	db *gorm.DB
}

// filePolicy makes a browser treat the file as a stranger's: no scripts, no
// forms, no origin of ours, even where it is opened instead of saved.
const filePolicy = "sandbox; default-src 'none'; frame-ancestors 'none'"

func fileURL(token string) string { return "/api/files/" + token }

func fileBody(f ticket.File) File {
	return File{Name: f.Name, Size: f.Size, Mime: f.Mime, URL: fileURL(f.Token), ContentID: f.ContentID}
}

var fileOperation = huma.Operation{
	Summary:    "Download a file",
	Parameters: []*huma.Param{{Name: "token", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}},
	Responses: map[string]*huma.Response{"200": {
		Description: "The file, as an attachment",
		Content:     map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}},
}

var recordingOperation = huma.Operation{
	Summary:    "Hear a call; asking is written down",
	Parameters: []*huma.Param{{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}},
	Responses:  fileOperation.Responses,
}

// download handles GET /api/files/{token}, always whole: no Range is served.
func (h fileRoutes) download(c *fiber.Ctx) error {
	ctx := c.UserContext()
	f, audience, err := ticket.FileByToken(ctx, h.db, c.Params("token"))
	if err != nil {
		return err
	}
	if !h.mayRead(c, f) {
		from, err := h.identify(c)
		if err != nil || !from.MaySee(audience) {
			return ticket.ErrNoFile
		}
	}
	return h.sendFile(c, f)
}

// sendFile gives a file to whoever may have it, unless it was found to be harmful.
func (s *Server) sendFile(c *fiber.Ctx, f ticket.File) error {
	if err := s.services.Scan.Check(c.UserContext(), f.Blob); err != nil {
		return err
	}
	content, err := s.services.Blobs.Open(f.Blob)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentSecurityPolicy, filePolicy)
	c.Set(fiber.HeaderContentDisposition, attachment(f.Name))
	c.Set(fiber.HeaderContentType, f.Mime)
	c.Set(fiber.HeaderCacheControl, "private, no-store")
	// The server closes content when it has been sent.
	return c.Status(http.StatusOK).SendStream(content, int(f.Size))
}

// mayRead accepts the access token of the customer whose ticket it is, for what
// was said between them and us.
func (h fileRoutes) mayRead(c *fiber.Ctx, f ticket.File) bool {
	if f.Inner {
		return false
	}
	for _, token := range []string{c.Get(accessHeader), c.Cookies(accessCookie)} {
		if token == "" {
			continue
		}
		if t, err := ticket.ByID(c.UserContext(), h.db, f.TicketID); err == nil && h.services.Tokens.Valid(token, t.ID, t.Protocol, h.services.Now()) {
			return true
		}
	}
	return false
}

// attachment writes the name twice: plainly for old programs, and as RFC 8187
// asks for everybody else.
func attachment(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '_'
		}
		return r
	}, name)
	return `attachment; filename="` + plain + `"; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}
