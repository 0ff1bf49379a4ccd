package httpapi

import (
	"context"
	"net/http"

	"github.com/gofiber/fiber/v2"

	channel "github.com/escuta-sac/escuta/internal/channel/ombudsman"
	"github.com/escuta-sac/escuta/internal/channel/webform"
	"github.com/escuta-sac/escuta/internal/i18n"
)

// secondRoutes are how a demand comes to the ombudsman from outside: the public
// call and the page that is its other face.
type secondRoutes struct {
	portalRoutes
	cases cases
}

// Demand is what a demandant sends to the ombudsman.
type Demand struct {
	Name            string `json:"name,omitempty" maxLength:"200"`
	Email           string `json:"email,omitempty" maxLength:"254"`
	Phone           string `json:"phone,omitempty" maxLength:"40"`
	Document        string `json:"document,omitempty" maxLength:"40" doc:"CPF or CNPJ"`
	SACProtocol     string `json:"sac_protocol,omitempty" maxLength:"60" doc:"Of the first attendance, if there is one; any text is taken"`
	Kind            string `json:"kind,omitempty" enum:"informacao,duvida,reclamacao,contestacao,suspensao,cancelamento,solicitacao,elogio,sugestao,denuncia" default:"reclamacao"`
	Subject         string `json:"subject,omitempty" maxLength:"200"`
	Body            string `json:"body" minLength:"1" maxLength:"20000"`
	Confidentiality string `json:"confidentiality,omitempty" enum:"open,protected,anonymous" default:"open" doc:"Of an anonymous demand no identity is stored at all"`
}

func (o Demand) submission(key string) channel.Submission {
	return channel.Submission{Name: o.Name, Email: o.Email, Phone: o.Phone, Document: o.Document, SACProtocol: o.SACProtocol,
		Kind: o.Kind, Subject: o.Subject, Body: o.Body, Secrecy: channel.Confidentiality(o.Confidentiality), Way: channel.Site, Key: key}
}

// secrecies are the choices of the form, in the order people are offered them.
var secrecies = []string{string(channel.Open), string(channel.Protected), string(channel.Anonymous)}

// caseTexts are the names of the form's texts.
var caseTexts = []string{"name", "email", "phone", "document", "sac_protocol", "kind", "subject", "body", "confidentiality"}

func caseOf(values map[string]string) Demand {
	return Demand{Name: values["name"], Email: values["email"], Phone: values["phone"], Document: values["document"],
		SACProtocol: values["sac_protocol"], Kind: values["kind"], Subject: values["subject"], Body: values["body"],
		Confidentiality: values["confidentiality"]}
}

// submit handles POST /api/public/ombudsman.
func (h secondRoutes) submit(c *fiber.Ctx) error {
	ctx := c.UserContext()
	if err := h.limits.allow(ctx, "open", place(requestOf(ctx).address)); err != nil {
		return err
	}
	sub, err := h.demand(c)
	if err != nil {
		return err
	}
	receipt, err := h.taken(ctx, sub)
	if err != nil {
		return err
	}
	return send(c, fiber.StatusCreated, receipt)
}

func (h secondRoutes) demand(c *fiber.Ctx) (channel.Submission, error) {
	key := c.Get(idempotencyHeader)
	if !isForm(c) {
		var in Demand
		err := readBody(c, &in)
		return in.submission(key), err
	}
	f, err := readForm(c, caseTexts...)
	if err != nil {
		return channel.Submission{}, err
	}
	return h.withFiles(c.UserContext(), caseOf(f.values).submission(key), f)
}

// withFiles stores the files of a demand that has nothing else wrong.
func (h secondRoutes) withFiles(ctx context.Context, sub channel.Submission, f parts) (channel.Submission, error) {
	if _, err := channel.Check(sub); err != nil {
		return sub, err
	}
	var err error
	sub.Files, err = h.store(ctx, f.files)
	return sub, err
}

// taken opens the case, unless one of the sender's identities has sent too much.
func (h secondRoutes) taken(ctx context.Context, sub channel.Submission) (PublicReceipt, error) {
	in, err := channel.Check(sub)
	if err != nil {
		return PublicReceipt{}, err
	}
	for _, id := range in.Identities() {
		if err := h.limits.allow(ctx, "open", id.Value); err != nil {
			return PublicReceipt{}, err
		}
	}
	r, err := h.cases.Open(ctx, sub)
	if err != nil {
		return PublicReceipt{}, err
	}
	return h.receipt(r), nil
}

// demandView is what the page to the ombudsman shows: what was typed, the
// choices, and of a case that was just opened its number and its token, once.
type demandView struct {
	Demand
	Kinds     []portalChoice
	Secrecies []string
	Protocol  string
	Token     string
}

func demandOf(lang string, d Demand) *demandView {
	v := &demandView{Demand: d, Secrecies: secrecies}
	for _, kind := range webform.Kinds {
		v.Kinds = append(v.Kinds, portalChoice{kind, i18n.Text(lang, "portal.kind."+kind, nil)})
	}
	return v
}

// form handles GET /ouvidoria.
func (h secondRoutes) form(c *fiber.Ctx) error {
	d := Demand{Kind: "reclamacao", Confidentiality: string(channel.Open), SACProtocol: short(c.Query("protocolo"))}
	return h.show(c, http.StatusOK, "ombudsman.html", portalView{Page: "ombudsman", Demand: demandOf(requestOf(c.UserContext()).lang, d)})
}

// sendForm handles POST /ouvidoria.
func (h secondRoutes) sendForm(c *fiber.Ctx) error {
	ctx := c.UserContext()
	f, err := readForm(c, append([]string{"key", "website"}, caseTexts...)...)
	d := caseOf(f.values)
	again := portalView{Page: "ombudsman", Key: f.values["key"], Demand: demandOf(requestOf(ctx).lang, d)}
	if err == nil {
		err = h.limits.allow(ctx, "open", place(requestOf(ctx).address))
	}
	if err == nil && f.values["website"] != "" { // only a machine fills a field that nobody sees
		err = errForbidden
	}
	if err != nil {
		return h.again(c, "ombudsman.html", again, err)
	}
	sub, err := h.withFiles(ctx, d.submission(f.values["key"]), f)
	if err != nil {
		return h.again(c, "ombudsman.html", again, err)
	}
	receipt, err := h.taken(ctx, sub)
	if err != nil {
		return h.again(c, "ombudsman.html", again, err)
	}
	h.remember(c, receipt.Protocol, receipt.AccessToken)
	again.Demand.Protocol, again.Demand.Token = receipt.Protocol, receipt.AccessToken
	return h.show(c, http.StatusOK, "ombudsman_done.html", again)
}
