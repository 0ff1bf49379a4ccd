package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/channel/webform"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/intake"
)

// portalRoutes are the customers' pages. They need no script and no log-in, and
// are the public calls with another face: there is one rule for what a customer
// may see and do.
type portalRoutes struct {
	publicRoutes
	pages *portalPages
}

// tokenLife is how long a browser remembers which ticket it may see.
const tokenLife = 30 * 24 * time.Hour

// find handles GET /acompanhar.
func (h portalRoutes) find(c *fiber.Ctx) error {
	return h.show(c, http.StatusOK, "find.html", portalView{Page: "find"})
}

// prove handles POST /acompanhar: a protocol and a proof lead to the ticket.
func (h portalRoutes) prove(c *fiber.Ctx) error {
	protocol, proof := c.FormValue("protocol"), c.FormValue("proof")
	again := portalView{Page: "find", Values: portalValues{Protocol: protocol}}
	missing := errInvalid
	for name, value := range map[string]string{"protocol": protocol, "proof": proof} {
		if strings.TrimSpace(value) == "" {
			missing = missing.Field(name, "required")
		}
	}
	if len(missing.Details) > 0 {
		return h.again(c, "find.html", again, missing)
	}
	access, err := h.proved(c.UserContext(), intake.Claim{Protocol: protocol, Proof: proof})
	if err != nil {
		return h.again(c, "find.html", again, err)
	}
	h.remember(c, access.Protocol, access.AccessToken)
	return c.Redirect("/acompanhar/"+access.Protocol, http.StatusSeeOther)
}

// track handles GET /acompanhar/:protocol. A token in the address is moved into
// a cookie at once: an address gets copied, printed and remembered.
func (h portalRoutes) track(c *fiber.Ctx) error {
	protocol, ok := protocolOf(c)
	if !ok {
		return h.absent(c)
	}
	if token := c.Query("token"); token != "" {
		if _, err := h.tracked(c.UserContext(), protocol, token); err != nil {
			return h.refused(c, err)
		}
		h.remember(c, protocol, token)
		return c.Redirect("/acompanhar/"+protocol, http.StatusSeeOther)
	}
	return h.ticket(c, http.StatusOK, protocol, portalView{
		JustOpened: c.Query("novo") != "", JustSent: c.Query("enviado") != "",
	}, nil)
}

// write handles POST /acompanhar/:protocol.
func (h portalRoutes) write(c *fiber.Ctx) error {
	protocol, ok := protocolOf(c)
	if !ok {
		return h.absent(c)
	}
	var again portalView
	f, err := readForm(c, "key", "body")
	again.Key, again.Values.Body = f.values["key"], f.values["body"]
	if err != nil {
		return h.ticket(c, 0, protocol, again, err)
	}
	// Whoever may not see the ticket stores no files under it.
	t, err := h.tracked(c.UserContext(), protocol, c.Cookies(accessCookie))
	if err != nil {
		return h.refused(c, err)
	}
	sub := webform.Submission{Body: f.values["body"], Key: f.values["key"]}
	if _, err := webform.CheckMessage(t.ID, sub); err != nil {
		return h.ticket(c, 0, protocol, again, err)
	}
	if sub.Files, err = h.store(c.UserContext(), f.files); err != nil {
		return h.ticket(c, 0, protocol, again, err)
	}
	reply, err := h.add(c.UserContext(), t.ID, sub)
	if err != nil {
		return h.ticket(c, 0, protocol, again, err)
	}
	if reply.Protocol != t.Protocol { // the old ticket was closed for good: this is a new one
		h.remember(c, reply.Protocol, reply.AccessToken)
		return c.Redirect("/acompanhar/"+reply.Protocol+"?novo=1", http.StatusSeeOther)
	}
	return c.Redirect("/acompanhar/"+protocol+"?enviado=1", http.StatusSeeOther)
}

// rate handles POST /acompanhar/:protocol/avaliar.
func (h portalRoutes) rate(c *fiber.Ctx) error {
	protocol, ok := protocolOf(c)
	if !ok {
		return h.absent(c)
	}
	var again portalView
	score, err := strconv.Atoi(c.FormValue("score"))
	if err != nil {
		return h.ticket(c, 0, protocol, again, errInvalid.Field("score", "required"))
	}
	t, err := h.tracked(c.UserContext(), protocol, c.Cookies(accessCookie))
	if err != nil {
		return h.refused(c, err)
	}
	if err := h.rated(c.UserContext(), t, score, c.FormValue("comment")); err != nil {
		return h.ticket(c, 0, protocol, again, err)
	}
	return c.Redirect("/acompanhar/"+protocol+"?enviado=1", http.StatusSeeOther)
}

// ticket shows the ticket's page, with a problem when there is one.
func (h portalRoutes) ticket(c *fiber.Ctx, status int, protocol string, v portalView, problem error) error {
	token := c.Cookies(accessCookie)
	found, err := h.tracked(c.UserContext(), protocol, token)
	if err != nil {
		return h.refused(c, err)
	}
	t, err := h.publicTicket(c.UserContext(), found)
	if err != nil {
		return err
	}
	h.remember(c, protocol, token)
	words := portalWords{requestOf(c.UserContext()).lang, h.options.TimeZone}
	v.Address = h.absolute("")
	v.Page, v.Ticket, v.Scores = "track", h.worded(words, t), []int{1, 2, 3, 4, 5}
	v.Title = words.text("portal.track.title", "protocol", t.Protocol)
	if problem != nil {
		return h.again(c, "track.html", v, problem)
	}
	return h.show(c, status, "track.html", v)
}

func (h portalRoutes) worded(words portalWords, t PublicTicket) *portalTicket {
	out := &portalTicket{
		Protocol: t.Protocol, Subject: t.Subject, Status: t.Status, Next: t.Next,
		Team: t.HandledBy.Team, Brand: t.HandledBy.Brand, OpenedAt: t.OpenedAt, AnswerBy: t.AnswerBy, Duties: t.Duties,
		CanReply:  slices.Contains(t.Can, "reply") || slices.Contains(t.Can, "reopen"),
		CanReopen: slices.Contains(t.Can, "reopen"), CanRate: slices.Contains(t.Can, "rate"),
	}
	out.Steps, out.Incident = steps(t), t.Incident
	if t.AnswerBy != nil {
		now := h.now()
		out.Left, out.Late = words.left(*t.AnswerBy, now), now.After(*t.AnswerBy)
		if whole := t.AnswerBy.Sub(t.OpenedAt); whole > 0 {
			out.UsedPercent = min(100, int(100*now.Sub(t.OpenedAt)/whole))
		}
	}
	for _, m := range t.Messages {
		out.Answered = out.Answered || m.From == "us"
		pm := portalMessage{From: m.From, Name: m.Name, Body: m.Body, At: m.At, Spoken: m.Spoken}
		for _, f := range m.Files {
			pm.Files = append(pm.Files, portalFile{f.Name, f.URL, readableSize(f.Size), f.Scan})
		}
		out.Messages = append(out.Messages, pm)
	}
	return out
}

// refused answers for a ticket that is absent or not this browser's: both alike.
func (h portalRoutes) refused(c *fiber.Ctx, err error) error {
	switch fault.From(err).Kind {
	case fault.NotFound, fault.Forbidden, fault.Unauthorized:
		return h.absent(c)
	}
	return err
}

func (h portalRoutes) absent(c *fiber.Ctx) error {
	lang := requestOf(c.UserContext()).lang
	return h.show(c, http.StatusNotFound, "absent.html", portalView{
		Title:   i18n.Text(lang, "portal.absent.title", nil),
		Problem: &portalProblem{Title: i18n.Text(lang, "portal.absent.title", nil), Detail: i18n.Text(lang, "portal.absent.text", nil)},
	})
}

// again shows a form with what was typed and what is wrong with it.
func (h portalRoutes) again(c *fiber.Ctx, page string, v portalView, err error) error {
	ctx := c.UserContext()
	lang := requestOf(ctx).lang
	return h.againAs(c, page, v, err, func(name string) string { return i18n.Text(lang, "portal.field."+name, nil) })
}

// againAs is again for a page that has its own words for its fields.
func (h portalRoutes) againAs(c *fiber.Ctx, page string, v portalView, err error, label func(name string) string) error {
	ctx := c.UserContext()
	p := h.problem(ctx, err)
	lang := requestOf(ctx).lang
	v.Problem = &portalProblem{Title: i18n.Text(lang, "portal.problem.title", nil), Detail: p.Detail}
	for _, f := range p.Errors {
		name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(f.Field, "body."), "fields."), "[")
		v.Problem.Fields = append(v.Problem.Fields, portalFieldProblem{name, label(name), f.Detail})
	}
	if len(p.Errors) > 0 && page != "find.html" {
		v.Problem.Detail = i18n.Text(lang, "portal.problem.again", nil)
	}
	if len(p.Errors) == 0 {
		v.Problem.Title = p.Title
	}
	if f := fault.From(err); f.Kind == fault.Unavailable || f.Kind == fault.TooMany {
		v.Problem.Title, v.Problem.Detail = i18n.Text(lang, "portal.busy.title", nil), i18n.Text(lang, "portal.busy.again", nil)
	}
	for name, values := range p.GetHeaders() {
		c.Set(name, values[0])
	}
	return h.show(c, p.Status, page, v)
}

func (h portalRoutes) show(c *fiber.Ctx, status int, page string, v portalView) error {
	ctx := c.UserContext()
	lang := requestOf(ctx).lang
	body, err := h.compose(ctx, lang, page, v)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	// Not no-referrer, as everywhere else: browsers then send "Origin: null" with a
	// form, which looks like a stranger's. Other sites still learn nothing, and the
	// address of a page has no token, since track takes it out.
	c.Set(fiber.HeaderReferrerPolicy, "same-origin")
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderContentLanguage, lang)
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptLanguage)
	return c.Status(status).Send(body)
}

func (h portalRoutes) compose(ctx context.Context, lang, page string, v portalView) ([]byte, error) {
	brand, err := h.brand(ctx, v.BrandID)
	if err != nil {
		return nil, err
	}
	if v.Key == "" {
		v.Key = uuid.NewString()
	}
	v.Lang, v.Brand, v.Version = lang, brand, h.pages.tag
	v.BrandStyle = strings.TrimPrefix(brand.Color, "#")
	if v.Title == "" {
		v.Title = i18n.Text(lang, "portal."+v.Page+".title", nil)
	}
	if v.Form != nil {
		v.Form.script(v)
		v.Known = h.knownOn(brand.ID)
	}
	return h.pages.render(lang, page, v)
}

// remember lets this browser see the ticket and its files, and nothing else: the
// cookie is sent to this ticket's page, and to the files of the one seen last.
func (h portalRoutes) remember(c *fiber.Ctx, protocol, token string) {
	for _, path := range []string{"/acompanhar/" + protocol, "/api/files"} {
		cookie := http.Cookie{Name: accessCookie, Value: token, Path: path, MaxAge: int(tokenLife / time.Second),
			HttpOnly: true, Secure: h.https(), SameSite: http.SameSiteLaxMode}
		// Not c.Cookie: it keeps one cookie a name, and these differ in their path.
		c.Response().Header.Add(fiber.HeaderSetCookie, cookie.String())
	}
}

func protocolOf(c *fiber.Ctx) (string, bool) {
	p, err := brazil.ParseProtocol(c.Params("protocol"))
	return string(p), err == nil
}

// asset handles GET /portal/…
func (h portalRoutes) asset(c *fiber.Ctx) error {
	if c.Path() == "/portal/brand.css" {
		// The colour is the version, so each has a stylesheet of its own for ever; what
		// is no colour gets ours.
		c.Set(fiber.HeaderContentType, contentType("brand.css"))
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
		return c.SendString(brandStyle("#" + c.Query("v")))
	}
	f, ok := h.pages.assets[c.Path()]
	if !ok {
		return errNoRoute
	}
	return f.send(c)
}

// brand is the one under which customers know us: a form's own, or the first.
func (h portalRoutes) brand(ctx context.Context, id int64) (PortalBrand, error) {
	var b PortalBrand
	err := h.db.WithContext(ctx).Raw("SELECT id, name, color FROM brands ORDER BY id = ? DESC, id LIMIT 1", id).Scan(&b).Error
	if err != nil {
		return b, fmt.Errorf("read the brand: %w", err)
	}
	return b, nil
}

// robots handles GET /robots.txt: nothing here is for a search engine.
func (h portalRoutes) robots(c *fiber.Ctx) error {
	return c.Type("txt", "utf-8").SendString("User-agent: *\nDisallow: /\n")
}
