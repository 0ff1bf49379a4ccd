package httpapi

import (
	"context"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/call"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// callRoutes are the telephone at an agent's desk.
type callRoutes struct {
	*Server
	calls   *call.Service
	uploads uploadRoutes
}

// OpenedCall answers a call as it is opened: all that must be read aloud, and
// the lease under which the agent has its ticket.
type OpenedCall struct {
	ContactID int64  `json:"contact_id"`
	Protocol  string `json:"protocol"`
	TicketID  int64  `json:"ticket_id"`
	Call      Call   `json:"call"`
	Lease     *Lease `json:"lease,omitempty"`
}

// Call is the note of one call.
type Call struct {
	ID          int64         `json:"id" doc:"The contact's"`
	Protocol    string        `json:"protocol" doc:"The one read aloud; it leads to the ticket for ever"`
	TicketID    int64         `json:"ticket_id" doc:"What the call is about"`
	Ticket      TicketRow     `json:"ticket"`
	Fence       int64         `json:"fence" doc:"Of the lease of its ticket"`
	Absorbed    bool          `json:"absorbed" doc:"It turned out to be about an older ticket"`
	Tickets     []TicketRow   `json:"tickets" doc:"All that it is about"`
	LineID      *int64        `json:"line_id"`
	Line        string        `json:"line"`
	Caller      string        `json:"caller" doc:"As it was told; show it as text"`
	Phone       string        `json:"phone" doc:"E.164, empty when the caller showed no number"`
	Direction   string        `json:"direction" enum:"in,out"`
	AgentID     *int64        `json:"agent_id"`
	Note        string        `json:"note"`
	Outcome     string        `json:"outcome" enum:",solved,forwarded,call_back,dropped,informational,wrong_number,silent,abandoned"`
	StartedAt   time.Time     `json:"started_at"`
	EndedAt     *time.Time    `json:"ended_at"`
	Duration    *int          `json:"duration" doc:"Seconds"`
	Version     int           `json:"version"`
	Suggestions []MaybeCaller `json:"suggestions" doc:"Whom the caller may be; empty once somebody is known"`
	CallBacks   []CallBack    `json:"call_backs" doc:"Open ones of its ticket"`
	Recording   *Recording    `json:"recording,omitempty"`
}

// MaybeCaller is somebody whom a caller may be. It joins nothing by itself.
type MaybeCaller struct {
	CustomerID int64  `json:"customer_id"`
	Name       string `json:"name"`
	Why        string `json:"why" enum:"phone,email,cpf,cnpj,handle,earlier_call,protocol,name"`
	Verified   bool   `json:"verified"`
}

func maybeBody(s call.Suggestion) MaybeCaller { return MaybeCaller(s) }

func callBody(c call.Call, t ticket.Ticket) Call {
	b := Call{
		ID: c.ContactID, Protocol: c.Protocol, TicketID: c.TicketID, Ticket: rowBody(t.Snapshot()), Fence: t.Fence, Absorbed: c.Absorbed(),
		Tickets: []TicketRow{}, LineID: c.LineID, Line: c.Line, Caller: c.Caller.Display(), Phone: string(c.Caller.Phone), Direction: string(c.Direction),
		AgentID: c.AgentID, Note: c.Note, Outcome: string(c.Outcome), StartedAt: c.StartedAt, EndedAt: c.EndedAt, Version: c.Version,
		Suggestions: []MaybeCaller{}, CallBacks: []CallBack{},
	}
	if c.Duration != nil {
		seconds := int(c.Duration.Seconds())
		b.Duration = &seconds
	}
	return b
}

// whole adds what stands around a call.
func (h callRoutes) whole(ctx context.Context, who access.Actor, o call.Opened) (Call, error) {
	b := callBody(o.Call, o.Ticket)
	about, err := h.calls.Tickets(ctx, who, o.Call)
	if err != nil {
		return Call{}, err
	}
	b.Tickets = itemsOf(about, rowBody).Items
	if o.Ticket.CustomerID == nil {
		found, err := h.calls.Suggestions(ctx, who, o.Call)
		if err != nil {
			return Call{}, err
		}
		b.Suggestions = itemsOf(found, maybeBody).Items
	}
	owed, err := h.calls.CallBacks(ctx, who, call.CallBackQuery{Ticket: o.Call.TicketID})
	if err != nil {
		return Call{}, err
	}
	b.CallBacks = itemsOf(owed, h.callBackBody).Items
	rec, err := h.calls.Recorded(ctx, o.Call.ContactID)
	if err != nil || rec == nil {
		return b, err
	}
	r := recordingBody(*rec, o.Call.MayHear(who))
	b.Recording = &r
	return b, nil
}

type openCall struct {
	RepetitionKey
	Body struct {
		Line   string `json:"line" minLength:"1" maxLength:"100" doc:"The number that was dialled, or the id or name of a line"`
		Caller string `json:"caller,omitempty" maxLength:"2000" doc:"As the telephone shows it, whatever it is"`
		Note   string `json:"note,omitempty" maxLength:"20000"`
	}
}

// open handles POST /api/calls.
func (h callRoutes) open(ctx context.Context, who access.Actor, in *openCall) (OpenedCall, error) {
	o, err := h.calls.Open(ctx, who, call.Opening{Line: in.Body.Line, Caller: in.Body.Caller, Note: in.Body.Note, Key: in.Key})
	if err != nil {
		return OpenedCall{}, err
	}
	b, err := h.whole(ctx, who, o)
	answer := OpenedCall{ContactID: o.Call.ContactID, Protocol: o.Call.Protocol, TicketID: o.Call.TicketID, Call: b}
	if o.Ticket.LeaseUntil != nil {
		answer.Lease = &Lease{o.Ticket.Fence, *o.Ticket.LeaseUntil}
	}
	return answer, err
}

type listCalls struct {
	Mine   string `query:"mine" doc:"The asker's own; given at all, unless it is false"`
	Open   string `query:"open" doc:"That have not ended; given at all, unless it is false"`
	Ticket int64  `query:"ticket" minimum:"1"`
	Cursor int64  `query:"cursor" minimum:"1"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200"`

	mine, open bool
}

// Resolve reads the switches: ?mine is as good as ?mine=true.
func (in *listCalls) Resolve(c huma.Context) []error {
	address := c.URL()
	q := address.Query()
	on := func(name string) bool {
		v := q.Get(name)
		return q.Has(name) && v != "false" && v != "0"
	}
	in.mine, in.open = on("mine"), on("open")
	return nil
}

// CallPage is one page of calls, the newest first.
type CallPage struct {
	Items []Call `json:"items"`
	Next  *int64 `json:"next" doc:"Cursor of the next page, null on the last"`
}

// list handles GET /api/calls.
func (h callRoutes) list(ctx context.Context, who access.Actor, in *listCalls) (CallPage, error) {
	all, next, err := h.calls.List(ctx, who, call.Query{Mine: in.mine, Open: in.open, Ticket: in.Ticket, Before: in.Cursor, Limit: in.Limit})
	page := CallPage{Items: itemsOf(all, func(o call.Opened) Call { return callBody(o.Call, o.Ticket) }).Items}
	if next != 0 {
		page.Next = &next
	}
	return page, err
}

// get handles GET /api/calls/{id}.
func (h callRoutes) get(ctx context.Context, who access.Actor, in *ByID) (Call, error) {
	id, err := pathID(in.ID, call.ErrNotFound)
	if err != nil {
		return Call{}, err
	}
	o, err := h.calls.See(ctx, who, id)
	if err != nil {
		return Call{}, err
	}
	return h.whole(ctx, who, o)
}

type patchCall struct {
	ByID
	Body struct {
		Version   int          `json:"version" minimum:"1" doc:"The version that was seen; another one is a version_conflict"`
		Note      *string      `json:"note,omitempty" maxLength:"20000"`
		Direction *string      `json:"direction,omitempty" enum:"in,out"`
		Duration  *int         `json:"duration,omitempty" minimum:"0" maximum:"86400" doc:"Seconds"`
		Ended     bool         `json:"ended,omitempty"`
		Subject   *string      `json:"subject,omitempty" minLength:"1" maxLength:"200"`
		Kind      *ticket.Kind `json:"kind,omitempty" enum:"informacao,duvida,reclamacao,contestacao,suspensao,cancelamento,solicitacao,elogio,sugestao,denuncia"`
		ReasonID  *int64       `json:"reason_id,omitempty" minimum:"0" doc:"0 removes it"`
		Customer  *whoCalls    `json:"customer,omitempty"`
		About     *string      `json:"about,omitempty" maxLength:"40" doc:"Id or protocol of an older ticket that the call is about"`
		Outcome   *string      `json:"outcome,omitempty" enum:"solved,forwarded,call_back,dropped,informational,wrong_number,silent"`
		Said      string       `json:"said,omitempty" maxLength:"50000" doc:"With solved: what was answered, as the customer will read it"`
		Reason    string       `json:"reason,omitempty" maxLength:"500" doc:"With an outcome that closes the ticket"`
		CallBack  *window      `json:"call_back,omitempty" doc:"With call_back, and with dropped when it is not at once"`
	}
}

type whoCalls struct {
	CustomerID *int64 `json:"customer_id,omitempty" minimum:"0" doc:"Somebody whom the agent has recognised; 0 takes it back"`
	Name       string `json:"name,omitempty" maxLength:"200"`
	Phone      string `json:"phone,omitempty" maxLength:"40"`
	Email      string `json:"email,omitempty" maxLength:"254"`
	Document   string `json:"document,omitempty" maxLength:"40"`
}

type window struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// patch handles PATCH /api/calls/{id}.
func (h callRoutes) patch(ctx context.Context, who access.Actor, in *patchCall) (Call, error) {
	id, err := pathID(in.ID, call.ErrNotFound)
	if err != nil {
		return Call{}, err
	}
	b := in.Body
	if b.About != nil {
		o, err := h.calls.About(ctx, who, id, b.Version, *b.About)
		if err != nil {
			return Call{}, err
		}
		b.Version = o.Call.Version
	}
	c := call.Change{Version: b.Version, Note: b.Note, Direction: (*call.Direction)(b.Direction), Ended: b.Ended,
		Subject: b.Subject, Kind: b.Kind, ReasonID: b.ReasonID, Outcome: (*call.Outcome)(b.Outcome), Said: b.Said, Reason: b.Reason}
	if b.Duration != nil {
		d := time.Duration(*b.Duration) * time.Second
		c.Duration = &d
	}
	if b.Customer != nil {
		claim := call.Claim(*b.Customer)
		c.Customer = &claim
	}
	if b.CallBack != nil {
		c.CallBack = &call.Window{From: b.CallBack.From, To: b.CallBack.To}
	}
	o, err := h.calls.Change(ctx, who, id, c)
	if err != nil {
		return Call{}, err
	}
	return h.whole(ctx, who, o)
}

type anotherTicket struct {
	ByID
	RepetitionKey
	Body struct {
		Subject string `json:"subject,omitempty" maxLength:"200"`
		Note    string `json:"note,omitempty" maxLength:"20000"`
	}
}

// AnotherTicket answers a second demand of the same call.
type AnotherTicket struct {
	ContactID int64     `json:"contact_id"`
	Protocol  string    `json:"protocol"`
	TicketID  int64     `json:"ticket_id"`
	Ticket    TicketRow `json:"ticket"`
}

// another handles POST /api/calls/{id}/tickets.
func (h callRoutes) another(ctx context.Context, who access.Actor, in *anotherTicket) (AnotherTicket, error) {
	id, err := pathID(in.ID, call.ErrNotFound)
	if err != nil {
		return AnotherTicket{}, err
	}
	t, err := h.calls.Another(ctx, who, id, in.Body.Subject, in.Body.Note, in.Key)
	if err != nil {
		return AnotherTicket{}, err
	}
	return AnotherTicket{id, t.Protocol, t.ID, rowBody(t.Snapshot())}, nil
}

type answerCall struct {
	ByID
	Body struct {
		Said    string `json:"said" minLength:"1" maxLength:"50000" doc:"What was answered, as the customer will read it"`
		Ticket  string `json:"ticket,omitempty" maxLength:"40" doc:"Another ticket of the call, by id or protocol"`
		Resolve bool   `json:"resolve,omitempty" doc:"The answer settles the matter"`
	}
}

// answer handles POST /api/calls/{id}/answer.
func (h callRoutes) answer(ctx context.Context, who access.Actor, in *answerCall) (Replied, error) {
	id, err := pathID(in.ID, call.ErrNotFound)
	if err != nil {
		return Replied{}, err
	}
	m, t, err := h.calls.Answer(ctx, who, id, in.Body.Said, in.Body.Ticket, in.Body.Resolve)
	if err != nil {
		return Replied{}, err
	}
	return Replied{messageBody(m), rowBody(t.Snapshot())}, nil
}

type candidatesInput struct {
	Q string `query:"q" maxLength:"200" doc:"CPF, CNPJ, phone, e-mail, protocol or the beginning of a name"`
}

// candidates handles GET /api/calls/candidates.
func (h callRoutes) candidates(ctx context.Context, who access.Actor, in *candidatesInput) (Items[MaybeCaller], error) {
	found, err := h.calls.Candidates(ctx, who, in.Q)
	return itemsOf(found, maybeBody), err
}

// Recording says that a call can be heard, and until when; where, only to who
// may hear it and has asked.
type Recording struct {
	Reference   string     `json:"reference,omitempty" doc:"Of another system; never fetched by us"`
	URL         string     `json:"url,omitempty" doc:"Of our own file"`
	Name        string     `json:"name,omitempty"`
	Mime        string     `json:"mime,omitempty"`
	Size        int64      `json:"size,omitempty"`
	RetainUntil time.Time  `json:"retain_until" doc:"Kept at least so long: 90 days from the attendance, or more"`
	ErasedAt    *time.Time `json:"erased_at"`
	MayHear     bool       `json:"may_hear"`
	Asked       int        `json:"asked" doc:"Requests for a copy that are open; until they are answered it is kept"`
}

func recordingBody(r call.Recording, mayHear bool) Recording {
	b := Recording{RetainUntil: r.RetainUntil, ErasedAt: r.ErasedAt, MayHear: mayHear, Asked: r.Asked}
	if r.File != nil {
		b.Name, b.Mime, b.Size = r.File.Name, r.File.Mime, r.File.Size
	}
	return b
}

type recordCall struct {
	ByID
	Body struct {
		Reference   string     `json:"reference,omitempty" maxLength:"1000" doc:"Where another system keeps it; never fetched"`
		Upload      string     `json:"upload,omitempty" maxLength:"4000" doc:"Id from POST /api/uploads"`
		RetainUntil *time.Time `json:"retain_until,omitempty" doc:"Anything sooner than 90 days from the attendance is those 90 days"`
	}
}

// record handles PUT and POST /api/calls/{id}/recording.
func (h callRoutes) record(ctx context.Context, who access.Actor, in *recordCall) (Recording, error) {
	id, err := pathID(in.ID, call.ErrNotFound)
	if err != nil {
		return Recording{}, err
	}
	var file *channel.File
	if in.Body.Upload != "" {
		files, err := h.uploads.open([]string{in.Body.Upload}, who.AccountID)
		if err != nil {
			return Recording{}, err
		}
		file = &files[0]
	}
	r, err := h.calls.Record(ctx, who, id, in.Body.Reference, file, in.Body.RetainUntil)
	return recordingBody(r, true), err
}

// hear handles GET /api/calls/{id}/recording: asking is written down.
func (h callRoutes) hear(ctx context.Context, who access.Actor, in *ByID) (Recording, error) {
	id, err := pathID(in.ID, call.ErrNotFound)
	if err != nil {
		return Recording{}, err
	}
	r, err := h.calls.Hear(ctx, who, id)
	if err != nil {
		return Recording{}, err
	}
	b := recordingBody(r, true)
	b.Reference = r.Reference
	if r.File != nil {
		b.URL = "/api/calls/" + strconv.FormatInt(id, 10) + "/recording/file"
	}
	return b, nil
}

// play handles GET /api/calls/{id}/recording/file, written down as well.
func (h callRoutes) play(c *fiber.Ctx) error {
	id, err := pathID(c.Params("id"), call.ErrNotFound)
	if err != nil {
		return err
	}
	r, err := h.calls.Hear(c.UserContext(), actorOf(c.UserContext()), id)
	if err != nil {
		return err
	}
	if r.File == nil {
		return call.ErrNoRecording
	}
	content, err := h.services.Blobs.Open(r.File.Blob)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentSecurityPolicy, filePolicy)
	c.Set(fiber.HeaderContentDisposition, attachment(r.File.Name))
	c.Set(fiber.HeaderContentType, r.File.Mime)
	c.Set(fiber.HeaderCacheControl, "private, no-store")
	return c.SendStream(content, int(r.File.Size))
}

// askCopy handles POST /api/calls/{id}/recording/requests.
func (h callRoutes) askCopy(ctx context.Context, who access.Actor, in *ByID) error {
	id, err := pathID(in.ID, call.ErrNotFound)
	if err != nil {
		return err
	}
	return h.calls.AskCopy(ctx, who, id)
}

// gaveCopy handles DELETE /api/calls/{id}/recording/requests.
func (h callRoutes) gaveCopy(ctx context.Context, who access.Actor, in *ByID) error {
	id, err := pathID(in.ID, call.ErrNotFound)
	if err != nil {
		return err
	}
	return h.calls.GaveCopy(ctx, who, id)
}
