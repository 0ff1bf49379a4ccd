package httpapi

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/dial"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/mailroom"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Origin is how a mail came. Nothing of it is proven but auth and verified.
type Origin struct {
	From         []Correspondent `json:"from"`
	ReplyTo      []Correspondent `json:"reply_to"`
	To           []Correspondent `json:"to"`
	Cc           []Correspondent `json:"cc"`
	Subject      string          `json:"subject"`
	MessageID    string          `json:"message_id"`
	SentAt       *time.Time      `json:"sent_at" doc:"By the sender's clock"`
	Mailbox      string          `json:"mailbox"`
	Auth         MailAuth        `json:"auth"`
	Verified     bool            `json:"verified" doc:"The address of from is who sent it"`
	Another      bool            `json:"another" doc:"Not proven to be the customer"`
	Automatic    string          `json:"automatic" doc:"Class of what no person wrote: loop, bounce, auto_replied, list, bulk, auto_generated; empty otherwise"`
	Why          string          `json:"why" doc:"The mark by which it was told to be automatic"`
	RemoteImages int             `json:"remote_images"`
	Warnings     []string        `json:"warnings" doc:"Codes of what was cut, unreadable or odd"`
}

// Correspondent is somebody whom a header names.
type Correspondent struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// MailAuth is what was found of the sender: pass, fail, none and the like; empty
// when nobody checked.
type MailAuth struct {
	SPF   string `json:"spf"`
	DKIM  string `json:"dkim"`
	DMARC string `json:"dmarc"`
	By    string `json:"by" doc:"The mail server that checked"`
}

// originBody is nil for what did not come by mail.
func originBody(m ticket.Message) *Origin {
	o, ok := mailroom.OriginOf(m.Origin)
	if !ok {
		return nil
	}
	return &Origin{
		From: named(o.From), ReplyTo: named(o.ReplyTo), To: named(o.To), Cc: named(o.Cc),
		Subject: o.Subject, MessageID: o.MessageID, SentAt: o.Date, Mailbox: o.Mailbox,
		Auth:     MailAuth{o.Auth.SPF, o.Auth.DKIM, o.Auth.DMARC, o.Auth.By},
		Verified: o.Verified, Another: o.Another, Automatic: o.Automatic, Why: o.Why, RemoteImages: o.RemoteImages,
		Warnings: append([]string{}, o.Warnings...),
	}
}

func named(all []mailroom.Person) []Correspondent {
	return itemsOf(all, func(p mailroom.Person) Correspondent { return Correspondent{p.Name, p.Address} }).Items
}

// MessageHTML is a message as its sender laid it out.
type MessageHTML struct {
	HTML         string   `json:"html" doc:"Made harmless; only for a frame without scripts. Images that would be fetched have data-remote-src and no src"`
	RemoteImages []string `json:"remote_images" doc:"What those images would be fetched from, each once"`
}

// mailRoutes show a mail as it was sent.
type mailRoutes struct {
	*Server
	db      *gorm.DB
	outside *http.Client
	turns   chan struct{} // images on their way
}

const (
	maxRemoteImage = 5 << 20 // bytes
	imagesAtOnce   = 16      // whoever comes beyond them is told to try again
)

func newMailRoutes(s *Server, db *gorm.DB, dialer *dial.Dialer) mailRoutes {
	return mailRoutes{s, db, dialer.Client(maxRemoteImage), make(chan struct{}, imagesAtOnce)}
}

// errNoImage is a remote image that cannot be shown, for whatever reason: which
// one would tell what our network can reach.
var errNoImage = fault.New(fault.NotFound, "image_unreachable")

type messageRef struct {
	TicketRef
	Message string `path:"message"`
}

// html handles GET /api/tickets/{ticket}/messages/{message}/html.
func (h mailRoutes) html(ctx context.Context, who access.Actor, in *messageRef) (MessageHTML, error) {
	m, err := h.message(ctx, who, in.Ticket, in.Message)
	return MessageHTML{m.HTML, append([]string{}, email.RemoteImages(m.HTML)...)}, err
}

func (h mailRoutes) message(ctx context.Context, who access.Actor, ref, message string) (ticket.Message, error) {
	t, err := ticket.See(ctx, h.db, who, ref)
	if err != nil {
		return ticket.Message{}, err
	}
	id, err := pathID(message, ticket.ErrNotFound)
	if err != nil {
		return ticket.Message{}, err
	}
	return ticket.MessageByID(ctx, h.db, t.ID, id)
}

var imageOperation = huma.Operation{
	Summary: "An image of a mail, fetched from the internet",
	Parameters: []*huma.Param{
		{Name: "ticket", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}},
		{Name: "message", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}},
		{Name: "src", In: "query", Required: true, Schema: &huma.Schema{Type: "string"}, Description: "One of the message's remote_images"},
	},
	Responses: map[string]*huma.Response{"200": {
		Description: "The image",
		Content:     map[string]*huma.MediaType{"image/*": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}},
}

// image handles GET /api/tickets/{ticket}/messages/{message}/image. The sender
// may learn that somebody looks, but not who and from where: it is we who ask,
// and for nothing but what the message names.
func (h mailRoutes) image(c *fiber.Ctx) error {
	ctx := c.UserContext()
	from, err := h.identify(c)
	if err != nil {
		return err
	}
	m, err := h.message(ctx, from.Actor, c.Params("ticket"), c.Params("message"))
	if err != nil {
		return err
	}
	src := c.Query("src")
	if !slices.Contains(email.RemoteImages(m.HTML), src) {
		return errNoImage
	}
	select {
	case h.turns <- struct{}{}:
		defer func() { <-h.turns }()
	default:
		return errNoImage
	}
	content, mime, err := h.fetch(ctx, src)
	if err != nil {
		return errNoImage.Because(err)
	}
	c.Set(fiber.HeaderContentSecurityPolicy, filePolicy)
	c.Set(fiber.HeaderContentType, mime)
	c.Set(fiber.HeaderCacheControl, "private, no-store")
	return c.Send(content)
}

func (h mailRoutes) fetch(ctx context.Context, src string) (content []byte, mime string, err error) {
	if strings.HasPrefix(src, "//") {
		src = "https:" + src
	}
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, src, nil)
	if err != nil {
		return nil, "", err
	}
	ask.Header.Set("User-Agent", "Mozilla/5.0")
	ask.Header.Set("Accept", "image/png, image/jpeg, image/gif, image/webp")
	answer, err := h.outside.Do(ask)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	if content, err = io.ReadAll(answer.Body); err != nil {
		return nil, "", err
	}
	// By its bytes, never by what the other server calls it.
	if mime = http.DetectContentType(content); answer.StatusCode != http.StatusOK || !slices.Contains(pictures, mime) {
		return nil, "", errNoImage
	}
	return content, mime, nil
}

// pictures are the types that a browser paints and does nothing else with.
var pictures = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}
