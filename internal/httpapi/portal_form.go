package httpapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/escuta-sac/escuta/internal/channel/webform"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/form"
	"github.com/escuta-sac/escuta/internal/i18n"
)

// errHasty is a form that came back before anybody could have read it. It is
// shown again as it was filled in, so a person only has to send it once more.
var errHasty = fault.New(fault.Invalid, "form_hasty")

// filled is what stands in a form.
type filled struct {
	answers form.Answers
	kind    string
	seal    string
	embed   bool
	site    string // the page around an embedded form
}

// standard is the form of every installation; it has no address of its own.
func standard() form.Form { return form.Form{Definition: form.Standard()} }

// open handles GET /abrir.
func (h portalRoutes) open(c *fiber.Ctx) error {
	return h.blank(c, standard(), filled{kind: "reclamacao"})
}

// openForm handles GET /abrir/:slug.
func (h portalRoutes) openForm(c *fiber.Ctx) error {
	f, err := form.Open(c.UserContext(), h.db, form.Ref{Slug: c.Params("slug")})
	if errors.Is(err, form.ErrNotFound) {
		return h.noForm(c)
	}
	if err != nil {
		return err
	}
	return h.blank(c, f, filled{embed: c.Query("embed") != "", site: c.Query("site")})
}

func (h portalRoutes) blank(c *fiber.Ctx, f form.Form, with filled) error {
	ctx := c.UserContext()
	with.seal = h.sealed(h.now())
	v, err := h.formView(ctx, requestOf(ctx).lang, f, with)
	if err != nil {
		return err
	}
	h.framed(c, f, with)
	return h.show(c, http.StatusOK, "open.html", v)
}

// framed lets the pages that a form names show it, and nobody else.
func (h portalRoutes) framed(c *fiber.Ctx, f form.Form, with filled) {
	if !with.embed || len(f.Sites) == 0 {
		return
	}
	c.Set(fiber.HeaderContentSecurityPolicy,
		strings.Replace(pagePolicy, "frame-ancestors 'none'", "frame-ancestors "+strings.Join(f.Sites, " "), 1))
	c.Response().Header.Del(fiber.HeaderXFrameOptions)
}

// noForm answers for a form that is absent or a draft: both alike.
func (h portalRoutes) noForm(c *fiber.Ctx) error {
	lang := requestOf(c.UserContext()).lang
	title := i18n.Text(lang, "portal.noform.title", nil)
	return h.show(c, http.StatusNotFound, "absent.html", portalView{
		Title: title, Problem: &portalProblem{Title: title, Detail: i18n.Text(lang, "portal.noform.text", nil)},
	})
}

// send handles POST /abrir.
func (h portalRoutes) send(c *fiber.Ctx) error { return h.submit(c, standard()) }

// sendForm handles POST /abrir/:slug. What is sent names the version of the form
// it answers, and is checked by that one.
func (h portalRoutes) sendForm(c *fiber.Ctx) error {
	ctx := c.UserContext()
	version, _ := strconv.Atoi(c.FormValue("version"))
	f, err := form.Open(ctx, h.db, form.Ref{Slug: c.Params("slug"), Version: version})
	if errors.Is(err, form.ErrNotFound) {
		f, err = form.Open(ctx, h.db, form.Ref{Slug: c.Params("slug")})
	}
	if errors.Is(err, form.ErrNotFound) {
		return h.noForm(c)
	}
	if err != nil {
		return err
	}
	return h.submit(c, f)
}

// submit opens a ticket with what a form's page sent, and leads the browser to
// the ticket's page. A page with a script gets both as JSON.
func (h portalRoutes) submit(c *fiber.Ctx, f form.Form) error {
	ctx := c.UserContext()
	posted, err := readForm(c, inputs(f.Definition)...)
	key := posted.values["key"]
	with := filled{answers: form.Answers{}, kind: posted.values["kind"], seal: posted.values["seal"], embed: c.Query("embed") != ""}
	for _, q := range f.Fields {
		if typed, sent := posted.values[q.Key]; sent && q.Type != form.Files {
			with.answers[q.Key] = typed
		}
	}
	again := func(err error) error { return h.formAgain(c, f, with, key, err) }
	if err != nil {
		return again(err)
	}
	if err := h.admit(ctx, posted.values["work"]); err != nil {
		return again(err)
	}
	if posted.values["website"] != "" { // only a machine fills a field that nobody sees
		return again(errForbidden)
	}
	switch age, ok := h.age(with.seal); {
	case h.limits.perMinute == 0:
	case !ok:
		if err := h.unsealed(ctx); err != nil {
			return again(err)
		}
	case age < leastFilling:
		return again(errHasty)
	}
	given, err := h.given(ctx, f.Definition, len(posted.files))
	if err != nil {
		return again(err)
	}
	sub, err := f.Submission(webform.Submission{Kind: with.kind, Key: key}, with.answers, given)
	if err != nil {
		return again(err)
	}
	if _, err := webform.Check(sub); err != nil {
		return again(err) // before a byte of the files is stored
	}
	if sub.Files, err = h.store(ctx, posted.files); err != nil {
		return again(err)
	}
	receipt, err := h.take(ctx, sub)
	if err != nil {
		return again(err)
	}
	h.remember(c, receipt.Protocol, receipt.AccessToken)
	location := "/acompanhar/" + receipt.Protocol + "?novo=1"
	if !scripted(c) {
		return c.Redirect(location, http.StatusSeeOther)
	}
	return send(c, fiber.StatusCreated, h.sent(requestOf(ctx).lang, receipt, location))
}

// inputs are the names that the page of a form may send.
func inputs(d form.Definition) []string {
	names := []string{"key", "website", "kind", "version", "seal", "work"}
	for _, q := range d.Fields {
		switch q.Type {
		case form.Files:
		case form.Checkboxes:
			names = append(names, q.Key+"*")
		default:
			names = append(names, q.Key)
		}
	}
	return names
}

// scripted is a page that sends with its script, and reads the answer itself.
func scripted(c *fiber.Ctx) bool { return c.Get(fiber.HeaderAccept) == fiber.MIMEApplicationJSON }

// Sent is the answer to a form that a script has sent.
type Sent struct {
	Location string `json:"location"`  // the ticket's page for this browser
	Protocol string `json:"protocol"`  // as it is read aloud
	TrackURL string `json:"track_url"` // for another window
	AnswerBy string `json:"answer_by"` // in words; empty when there is no term
}

func (h portalRoutes) sent(lang string, r PublicReceipt, location string) Sent {
	s := Sent{Location: location, Protocol: groupedProtocol(r.Protocol), TrackURL: r.TrackURL}
	if r.AnswerBy != nil {
		s.AnswerBy = portalWords{lang, h.options.TimeZone}.day(r.AnswerBy)
	}
	return s
}

// formAgain shows a form with what was typed and what is wrong with it.
func (h portalRoutes) formAgain(c *fiber.Ctx, f form.Form, with filled, key string, failed error) error {
	if scripted(c) {
		return failed
	}
	ctx := c.UserContext()
	lang := requestOf(ctx).lang
	v, err := h.formView(ctx, lang, f, with)
	if err != nil {
		return err
	}
	v.Key = key
	h.framed(c, f, with)
	return h.againAs(c, "open.html", v, failed, func(name string) string {
		for _, g := range v.Form.Groups {
			if i := slices.IndexFunc(g.Fields, func(q *portalQuestion) bool { return q.Key == name }); i >= 0 {
				return g.Fields[i].Label
			}
		}
		return i18n.Text(lang, "portal.field."+name, nil)
	})
}

// previewed renders a form that sends nothing.
func (h portalRoutes) previewed(ctx context.Context, d form.Definition, lang string) ([]byte, error) {
	if lang == "" {
		lang = requestOf(ctx).lang
	}
	v, err := h.formView(ctx, lang, form.Form{Slug: "previa", Definition: d}, filled{})
	if err != nil {
		return nil, err
	}
	v.Form.Preview, v.Bare = true, true
	return h.compose(ctx, lang, "open.html", v)
}

// widget handles GET /widget.js: what other sites put on their pages, so it may
// be loaded by them, and changes with us within the hour.
func (h portalRoutes) widget(c *fiber.Ctx) error {
	f := h.pages.assets["/portal/widget.js"]
	c.Set("Cross-Origin-Resource-Policy", "cross-origin")
	c.Set(fiber.HeaderContentType, f.mime)
	c.Set(fiber.HeaderCacheControl, "public, max-age=3600")
	return c.Send(f.plain)
}
