package httpapi

import (
	"context"
	"errors"
	"mime/multipart"
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/escuta-sac/escuta/internal/area"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// answersByLink is what these pages need from package area, and no more.
type answersByLink interface {
	Opened(ctx context.Context, id, token string) (area.Request, error)
	MayAnswerByLink(ctx context.Context, id, token string, a area.Linked) error
	AnswerByLink(ctx context.Context, id, token string, a area.Linked) error
	FileByLink(ctx context.Context, id, token string, n int) (ticket.File, error)
}

// askedRoutes are the pages on which an area answers by the link in its mail,
// without an account and without a script. They show what was asked and nothing
// else of the ticket. A wrong link, an old one and one that never was are alike.
type askedRoutes struct {
	portalRoutes
	requests answersByLink
}

// askedCookie keeps a request's token, for its own page only.
const askedCookie = "escuta_area"

// askedView is a request as its page shows it.
type askedView struct {
	ID, Ref, Area, Body string
	Asker               string // empty when the customer is hidden: they might be known by it
	Customer, Protocol  string // empty when hidden
	AskedAt             time.Time
	Due                 time.Time
	Left                string
	Late                bool
	State               string
	Name, Answer        string // as typed
	Answers             []askedAnswer
	Files               []portalFile // that go with the question
}

// askedAnswer is what was answered by a link. Of its files the names: who asked
// opens them.
type askedAnswer struct {
	area.Answer
	Sent []portalFile
}

// page handles GET /pedido/{request}. A token in the address is moved into a
// cookie at once, as that of a ticket is.
func (h askedRoutes) page(c *fiber.Ctx) error {
	id := c.Params("request")
	if err := h.counted(c); err != nil {
		return err
	}
	if token := c.Query("token"); token != "" {
		if _, err := h.requests.Opened(c.UserContext(), id, token); err != nil {
			return h.refused(c, err)
		}
		h.keep(c, id, token)
		return c.Redirect("/pedido/"+id, http.StatusSeeOther)
	}
	return h.request(c, http.StatusOK, portalView{JustSent: c.Query("enviado") != ""}, askedView{}, nil)
}

// file handles GET /pedido/{request}/arquivos/{n}, from the page or from the mail.
func (h askedRoutes) file(c *fiber.Ctx) error {
	if err := h.counted(c); err != nil {
		return err
	}
	token := c.Query("token")
	if token == "" {
		token = c.Cookies(askedCookie)
	}
	n, err := strconv.Atoi(c.Params("n"))
	if err != nil {
		return h.refused(c, ticket.ErrNoFile)
	}
	f, err := h.requests.FileByLink(c.UserContext(), c.Params("request"), token, n)
	if err != nil {
		return h.refused(c, err)
	}
	return h.sendFile(c, f)
}

// answer handles POST /pedido/{request}.
func (h askedRoutes) answer(c *fiber.Ctx) error {
	if err := h.counted(c); err != nil {
		return err
	}
	f, err := readForm(c, "key", "name", "answer")
	typed := askedView{Name: f.values["name"], Answer: f.values["answer"]}
	if err == nil {
		err = h.take(c, area.Linked{Name: typed.Name, Body: typed.Answer}, f.files)
	}
	switch {
	case errors.Is(err, area.ErrNotFound):
		return h.refused(c, err)
	case err != nil:
		return h.request(c, 0, portalView{Key: f.values["key"]}, typed, err)
	}
	return c.Redirect("/pedido/"+c.Params("request")+"?enviado=1", http.StatusSeeOther)
}

// take stores what was answered. Of an answer that will not be taken no file is kept.
func (h askedRoutes) take(c *fiber.Ctx, a area.Linked, files []*multipart.FileHeader) error {
	ctx, id, token := c.UserContext(), c.Params("request"), c.Cookies(askedCookie)
	if err := h.requests.MayAnswerByLink(ctx, id, token, a); err != nil {
		return err
	}
	stored, err := h.store(ctx, files)
	if err != nil {
		return err
	}
	a.Files = attached(stored)
	return h.requests.AnswerByLink(ctx, id, token, a)
}

func (h askedRoutes) counted(c *fiber.Ctx) error {
	ctx := c.UserContext()
	return h.limits.allow(ctx, "area", place(requestOf(ctx).address))
}

// request shows the page, with a problem when there is one.
func (h askedRoutes) request(c *fiber.Ctx, status int, v portalView, typed askedView, problem error) error {
	ctx := c.UserContext()
	token := c.Cookies(askedCookie)
	r, err := h.requests.Opened(ctx, c.Params("request"), token)
	if err != nil {
		return h.refused(c, err)
	}
	words := portalWords{requestOf(ctx).lang, h.options.TimeZone}
	now := h.now()
	v.Asked = &askedView{
		ID: r.ID, Ref: r.Ref(), Area: r.Area, Body: r.Body, Asker: r.Asker, Customer: r.Customer, Protocol: r.Protocol,
		AskedAt: r.AskedAt, Due: r.Due, Left: words.left(r.Due, now), Late: now.After(r.Due), State: string(r.State),
		Name: typed.Name, Answer: typed.Answer,
	}
	for i, f := range r.Files {
		v.Asked.Files = append(v.Asked.Files, portalFile{Name: f.Name, Size: readableSize(f.Size), URL: "/pedido/" + r.ID + "/arquivos/" + strconv.Itoa(i+1)})
	}
	for _, a := range r.Answers {
		if a.Way == "link" { // what was said elsewhere is for whoever asked
			said := askedAnswer{Answer: a}
			for _, f := range a.Files {
				said.Sent = append(said.Sent, portalFile{Name: f.Name, Size: readableSize(f.Size)})
			}
			v.Asked.Answers = append(v.Asked.Answers, said)
		}
	}
	v.Page, v.Bare, v.Title = "asked", true, words.text("area.page.title", "ref", r.Ref())
	if problem != nil {
		return h.againAs(c, "asked.html", v, problem, func(name string) string { return words.text("area.page." + name) })
	}
	return h.show(c, status, "asked.html", v)
}

// keep lets this browser at the request's page and at nothing else.
func (h askedRoutes) keep(c *fiber.Ctx, id, token string) {
	cookie := http.Cookie{Name: askedCookie, Value: token, Path: "/pedido/" + id, MaxAge: int(tokenLife / time.Second),
		HttpOnly: true, Secure: h.https(), SameSite: http.SameSiteLaxMode}
	c.Response().Header.Add(fiber.HeaderSetCookie, cookie.String())
}
