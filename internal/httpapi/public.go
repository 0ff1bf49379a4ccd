package httpapi

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/webform"
	"github.com/escuta-sac/escuta/internal/form"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/survey"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/toll"
)

// intaker is what the customers' calls need from package intake, and no more.
type intaker interface {
	Submit(ctx context.Context, m channel.Inbound) (intake.Receipt, error)
	SubmitMessage(ctx context.Context, ticketID int64, m channel.Inbound) (intake.Receipt, error)
	Prove(ctx context.Context, c intake.Claim) (intake.Grant, error)
}

// accessTokens derives and checks what lets a customer at a ticket.
type accessTokens interface {
	Permanent(ticketID int64, protocol string) string
	Valid(token string, ticketID int64, protocol string, now time.Time) bool
}

// publicRoutes are the calls of customers, who have no account.
type publicRoutes struct {
	*Server
	db     *gorm.DB
	intake intaker
	tokens accessTokens
	toll   *toll.Gate
	now    func() time.Time
}

// A customer's access token comes in the header from programs, and in the
// cookie from the pages that need no script.
const (
	accessHeader = "X-Access-Token"
	accessCookie = "escuta_access"
)

// openTicket is what a customer sends to open a ticket. The limits are those of
// package webform, which checks them again for every way in.
type openTicket struct {
	Name     string            `json:"name,omitempty" maxLength:"200"`
	Email    string            `json:"email,omitempty" maxLength:"254"`
	Phone    string            `json:"phone,omitempty" maxLength:"40"`
	Document string            `json:"document,omitempty" maxLength:"40" doc:"CPF or CNPJ"`
	Kind     string            `json:"kind" enum:"informacao,duvida,reclamacao,contestacao,suspensao,cancelamento,solicitacao,elogio,sugestao,denuncia"`
	Subject  string            `json:"subject" minLength:"1" maxLength:"200"`
	Body     string            `json:"body" minLength:"1" maxLength:"20000"`
	Fields   map[string]string `json:"fields,omitempty" maxProperties:"50" doc:"Answers to a form's own questions"`
	Form     string            `json:"form,omitempty" maxLength:"60"`
}

// PublicReceipt answers it. The token opens the ticket's page and nothing else.
type PublicReceipt struct {
	Protocol    string     `json:"protocol"`
	AccessToken string     `json:"access_token"`
	TrackURL    string     `json:"track_url"`
	AnswerBy    *time.Time `json:"answer_by"`
}

// open handles POST /api/public/tickets, the busiest call there is: it is
// decoded once, into the type, and answers after the commit.
func (h publicRoutes) open(c *fiber.Ctx) error {
	ctx := c.UserContext()
	if err := h.admit(ctx, c.Get(proofHeader)); err != nil {
		return err
	}
	sub, err := h.submission(c)
	if err != nil {
		return err
	}
	receipt, err := h.take(ctx, sub)
	if err != nil {
		return err
	}
	return send(c, fiber.StatusCreated, receipt)
}

// take opens a ticket, unless one of the sender's identities has sent too much.
func (h publicRoutes) take(ctx context.Context, sub webform.Submission) (PublicReceipt, error) {
	in, err := webform.Check(sub)
	if err != nil {
		return PublicReceipt{}, err
	}
	for _, id := range in.Identities() {
		if err := h.limits.allow(ctx, "open", id.Value); err != nil {
			return PublicReceipt{}, err
		}
	}
	receipt, err := h.intake.Submit(ctx, in)
	if err != nil {
		return PublicReceipt{}, err
	}
	return h.receipt(receipt), nil
}

func (h publicRoutes) receipt(r intake.Receipt) PublicReceipt {
	token := h.tokens.Permanent(r.TicketID, r.Protocol)
	return PublicReceipt{r.Protocol, token, h.trackURL(r.Protocol, token), r.AnswerBy}
}

// trackURL is the customer's page. The page takes the token out of its address
// at once; nothing of ours logs an address, and no Referer leaves.
func (s *Server) trackURL(protocol, token string) string {
	return s.absolute("/acompanhar/" + protocol + "?token=" + token)
}

// absolute is where the outside finds a path of ours.
func (s *Server) absolute(path string) string {
	return strings.TrimSuffix(s.options.BaseURL.String(), "/") + path
}

func (h publicRoutes) submission(c *fiber.Ctx) (webform.Submission, error) {
	var in openTicket
	key := c.Get(idempotencyHeader)
	if !isForm(c) {
		if err := readBody(c, &in); err != nil {
			return webform.Submission{}, err
		}
		return h.formed(c.UserContext(), webform.Submission{Name: in.Name, Email: in.Email, Phone: in.Phone, Document: in.Document,
			Kind: in.Kind, Subject: in.Subject, Body: in.Body, Fields: in.Fields, Form: in.Form, Key: key}, 0)
	}
	f, err := readForm(c, "name", "email", "phone", "document", "kind", "subject", "body", "fields", "form")
	if err != nil {
		return webform.Submission{}, err
	}
	fields, err := f.object("fields")
	if err != nil {
		return webform.Submission{}, err
	}
	v := f.values
	sub := webform.Submission{Name: v["name"], Email: v["email"], Phone: v["phone"], Document: v["document"], Kind: v["kind"],
		Subject: v["subject"], Body: v["body"],
		Fields: fields, Form: v["form"], Key: key}
	if sub, err = h.formed(c.UserContext(), sub, len(f.files)); err != nil {
		return webform.Submission{}, err
	}
	if _, err := webform.Check(sub); err != nil {
		return webform.Submission{}, err // before a byte of the files is stored
	}
	sub.Files, err = h.store(c.UserContext(), f.files)
	return sub, err
}

// formed checks a submission by the form it names, and takes team, brand, kind
// and the answers' labels from there. A name of no form of ours is the sender's
// own word for where it came from, and is kept as that.
func (h publicRoutes) formed(ctx context.Context, sub webform.Submission, files int) (webform.Submission, error) {
	if sub.Form == "" {
		return sub, nil
	}
	f, err := form.Open(ctx, h.db, form.ParseRef(webform.Line(sub.Form)))
	if errors.Is(err, form.ErrNotFound) {
		return sub, nil
	}
	if err != nil {
		return sub, err
	}
	given, err := h.given(ctx, f.Definition, files)
	if err != nil {
		return sub, err
	}
	return f.Submission(sub, form.Answers(sub.Fields), given)
}

func (h publicRoutes) given(ctx context.Context, d form.Definition, files int) (g form.Given, err error) {
	g.Files = files
	if d.Asks(form.Reason) {
		g.Reasons, err = form.Reasons(ctx, h.db)
	}
	return g, err
}

// Tracked is the address of a ticket for whoever has its token.
type Tracked struct {
	Protocol string `path:"protocol"`
	Token    string `header:"X-Access-Token"`
}

var trackedParameters = []*huma.Param{
	idempotencyParameter,
	{Name: "protocol", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}},
	{Name: accessHeader, In: "header", Required: true, Schema: &huma.Schema{Type: huma.TypeString}},
}

// refusalTakes is the least that a refusal of a token takes, so that the time
// does not tell a protocol that exists from one that does not.
const refusalTakes = 20 * time.Millisecond

// tracked finds the ticket that a token opens. A wrong token, no token and no
// such ticket are one answer after one time.
func (h publicRoutes) tracked(ctx context.Context, protocol, token string) (ticket.Ticket, error) {
	refusal := time.NewTimer(refusalTakes)
	defer refusal.Stop()
	if err := h.limits.allow(ctx, "track", place(requestOf(ctx).address)); err != nil {
		return ticket.Ticket{}, err
	}
	t, err := ticket.Get(ctx, h.db, protocol)
	// A ticket has ids, too, and a customer's token is of the protocol.
	if err == nil && len(protocol) == len(t.Protocol) && h.tokens.Valid(token, t.ID, t.Protocol, h.now()) {
		return t, nil
	}
	select {
	case <-refusal.C:
	case <-ctx.Done():
	}
	if err == nil {
		err = ticket.ErrNotFound
	}
	return ticket.Ticket{}, err
}

// track handles GET /api/public/tickets/{protocol}.
func (h publicRoutes) track(ctx context.Context, _ access.Actor, in *Tracked) (PublicTicket, error) {
	t, err := h.tracked(ctx, in.Protocol, in.Token)
	if err != nil {
		return PublicTicket{}, err
	}
	return h.publicTicket(ctx, t)
}

type writeMessage struct {
	Body string `json:"body" minLength:"1" maxLength:"20000"`
}

// PublicReply answers a customer's message.
type PublicReply struct {
	Protocol    string `json:"protocol" doc:"Another one when the old ticket was closed for good"`
	AccessToken string `json:"access_token" doc:"Of that protocol"`
	TrackURL    string `json:"track_url"`
}

// write handles POST /api/public/tickets/{protocol}/messages.
func (h publicRoutes) write(c *fiber.Ctx) error {
	ctx := c.UserContext()
	t, err := h.tracked(ctx, c.Params("protocol"), c.Get(accessHeader))
	if err != nil {
		return err
	}
	sub, err := h.message(c, t.ID)
	if err != nil {
		return err
	}
	reply, err := h.add(ctx, t.ID, sub)
	if err != nil {
		return err
	}
	return send(c, fiber.StatusCreated, reply)
}

// add gives a ticket what its customer wrote.
func (h publicRoutes) add(ctx context.Context, ticketID int64, sub webform.Submission) (PublicReply, error) {
	in, err := webform.CheckMessage(ticketID, sub)
	if err != nil {
		return PublicReply{}, err
	}
	r, err := h.intake.SubmitMessage(ctx, ticketID, in)
	if err != nil {
		return PublicReply{}, err
	}
	token := h.tokens.Permanent(r.TicketID, r.Protocol)
	return PublicReply{r.Protocol, token, h.trackURL(r.Protocol, token)}, nil
}

func (h publicRoutes) message(c *fiber.Ctx, ticketID int64) (webform.Submission, error) {
	key := c.Get(idempotencyHeader)
	if !isForm(c) {
		var in writeMessage
		err := readBody(c, &in)
		return webform.Submission{Body: in.Body, Key: key}, err
	}
	f, err := readForm(c, "body")
	if err != nil {
		return webform.Submission{}, err
	}
	sub := webform.Submission{Body: f.values["body"], Key: key}
	if _, err := webform.CheckMessage(ticketID, sub); err != nil {
		return webform.Submission{}, err
	}
	sub.Files, err = h.store(c.UserContext(), f.files)
	return sub, err
}

type surveyInput struct {
	Tracked
	Body struct {
		Score   int    `json:"score" minimum:"1" maximum:"5"`
		Comment string `json:"comment,omitempty" maxLength:"2000"`
	}
}

// rate handles POST /api/public/tickets/{protocol}/survey.
func (h publicRoutes) rate(ctx context.Context, _ access.Actor, in *surveyInput) error {
	t, err := h.tracked(ctx, in.Protocol, in.Token)
	if err != nil {
		return err
	}
	return h.rated(ctx, t, in.Body.Score, in.Body.Comment)
}

func (h publicRoutes) rated(ctx context.Context, t ticket.Ticket, score int, comment string) error {
	if t.Status.IsOpen() {
		return survey.ErrTooSoon
	}
	return survey.Rate(ctx, h.db, survey.Rating{TicketID: t.ID, Score: score, Comment: comment, At: h.now()})
}

type accessInput struct {
	Body struct {
		Protocol string `json:"protocol,omitempty" maxLength:"40"`
		Identity string `json:"identity,omitempty" maxLength:"254" doc:"E-mail, phone, CPF or CNPJ; its newest ticket is meant"`
		Proof    string `json:"proof" minLength:"1" maxLength:"254" doc:"Last four digits of a document or phone, or the e-mail address"`
	}
}

// PublicAccess answers a proof.
type PublicAccess struct {
	AccessToken string    `json:"access_token"`
	Protocol    string    `json:"protocol"`
	ExpiresAt   time.Time `json:"expires_at"`
}

// prove handles POST /api/public/access. Guesses are counted by address and by
// what they are about, so that many addresses do not get more of them.
func (h publicRoutes) prove(ctx context.Context, _ access.Actor, in *accessInput) (PublicAccess, error) {
	return h.proved(ctx, intake.Claim{Protocol: in.Body.Protocol, Identity: in.Body.Identity, Proof: in.Body.Proof})
}

func (h publicRoutes) proved(ctx context.Context, claim intake.Claim) (PublicAccess, error) {
	if err := h.limits.allow(ctx, "access", place(requestOf(ctx).address)); err != nil {
		return PublicAccess{}, err
	}
	if err := h.limits.guess(ctx, claim.About()); err != nil {
		return PublicAccess{}, err
	}
	g, err := h.intake.Prove(ctx, claim)
	return PublicAccess{g.Token, g.Protocol, g.ExpiresAt}, err
}
