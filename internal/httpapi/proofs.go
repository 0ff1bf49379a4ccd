package httpapi

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/proof"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// proofRoutes are the calls about papers that prove deadlines.
type proofRoutes struct {
	db     *gorm.DB
	proofs *proof.Service
}

// paperLang is the language that a paper is asked for in; Portuguese when none is.
func paperLang(c *fiber.Ctx) (string, error) {
	lang := c.Query("lang", i18n.Default)
	if !slices.Contains(i18n.Languages, lang) {
		return "", errInvalid.Field("query.lang", "unknown_choice")
	}
	return lang, nil
}

// sendPDF writes a paper to its reader, who is the only one it is for.
func sendPDF(c *fiber.Ctx, name string, write func(w io.Writer) error) error {
	var pdf bytes.Buffer
	if err := write(&pdf); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/pdf")
	c.Set(fiber.HeaderContentDisposition, attachment(name))
	c.Set(fiber.HeaderCacheControl, "private, no-store")
	return c.Status(http.StatusOK).Send(pdf.Bytes())
}

// proof handles GET /api/tickets/{ticket}/clocks/proof.
func (h proofRoutes) proof(c *fiber.Ctx) error {
	ctx := c.UserContext()
	who := actorOf(ctx)
	t, err := ticket.See(ctx, h.db, who, c.Params("ticket"))
	if err != nil {
		return err
	}
	lang, err := paperLang(c)
	if err != nil {
		return err
	}
	var clock int64
	if text := c.Query("clock"); text != "" {
		if clock, err = pathID(text, sla.ErrNoClock); err != nil {
			return err
		}
	}
	sheet, digest, err := h.proofs.Make(ctx, who, t, clock)
	if err != nil {
		return err
	}
	return sendPDF(c, "prazos-"+t.Protocol+".pdf", func(w io.Writer) error { return sheet.Print(w, lang, digest) })
}

// again handles GET /api/tickets/{ticket}/clocks/proofs/{digest}.
func (h proofRoutes) again(c *fiber.Ctx) error {
	ctx := c.UserContext()
	t, err := ticket.See(ctx, h.db, actorOf(ctx), c.Params("ticket"))
	if err != nil {
		return err
	}
	lang, err := paperLang(c)
	if err != nil {
		return err
	}
	digest := c.Params("digest")
	if len(digest) > 64 {
		return proof.ErrNoSheet
	}
	sheet, err := h.proofs.Again(ctx, t.ID, digest)
	if err != nil {
		return err
	}
	return sendPDF(c, "prazos-"+t.Protocol+".pdf", func(w io.Writer) error { return sheet.Print(w, lang, digest) })
}

// MadeProof is a sheet that was made.
type MadeProof struct {
	Digest  string    `json:"digest" doc:"SHA-256 of what it says, as it is printed on it"`
	ClockID *int64    `json:"clock_id" doc:"null when it is of all deadlines"`
	MadeBy  int64     `json:"made_by"`
	Name    string    `json:"name"`
	MadeAt  time.Time `json:"made_at"`
}

// list handles GET /api/tickets/{ticket}/clocks/proofs.
func (h proofRoutes) list(ctx context.Context, who access.Actor, in *TicketRef) (Items[MadeProof], error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Items[MadeProof]{}, err
	}
	all, err := h.proofs.List(ctx, t.ID)
	return itemsOf(all, func(m proof.Made) MadeProof { return MadeProof{m.Digest, m.ClockID, m.AccountID, m.Name, m.At} }), err
}

// month handles GET /api/regimes/{id}/extensions/certificate.
func (h proofRoutes) month(c *fiber.Ctx) error {
	ctx := c.UserContext()
	who := actorOf(ctx)
	id, err := pathID(c.Params("id"), sla.ErrNoRegime)
	if err != nil {
		return err
	}
	lang, err := paperLang(c)
	if err != nil {
		return err
	}
	own := "sac"
	if who.May(access.WorkCases) {
		own = "ombudsman"
	}
	side := c.Query("side", own)
	if side != "sac" && side != "ombudsman" {
		return errInvalid.Field("query.side", "unknown_choice")
	}
	m, digest, err := h.proofs.MonthOf(ctx, who, id, c.Query("month"), side == "ombudsman")
	if err != nil {
		return err
	}
	return sendPDF(c, "prorrogacoes-"+m.Month+".pdf", func(w io.Writer) error { return m.Print(w, lang, digest) })
}

// pdfOperation describes a call that answers with a PDF.
func pdfOperation(summary string, parameters ...*huma.Param) *huma.Operation {
	lang := &huma.Param{Name: "lang", In: "query", Description: "pt-BR when left out",
		Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{"pt-BR", "en", "es"}}}
	return &huma.Operation{Summary: summary, Parameters: append(parameters, lang),
		Responses: map[string]*huma.Response{strconv.Itoa(ok): {Description: "The pages", Content: map[string]*huma.MediaType{
			"application/pdf": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
		}}}}
}

func textParameter(name, in, about string) *huma.Param {
	return &huma.Param{Name: name, In: in, Required: in == "path", Description: about, Schema: &huma.Schema{Type: huma.TypeString}}
}
