package httpapi

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/commitment"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// promiseActs is what these handlers need from package desk, and no more.
type promiseActs interface {
	ReadPromises(text string) ([]commitment.Promise, error)
	KeepPromise(ctx context.Context, actor access.Actor, id, promise int64, reason string) (ticket.Ticket, error)
	MovePromise(ctx context.Context, actor access.Actor, id, promise int64, due time.Time, reason string) (ticket.Ticket, error)
	WithdrawPromise(ctx context.Context, actor access.Actor, id, promise int64, reason string) (ticket.Ticket, error)
}

// promiseRoutes are what we promise customers. Each act answers with all promises
// of the ticket, as they are after it.
type promiseRoutes struct {
	db   *gorm.DB
	desk promiseActs
	now  func() time.Time
}

// Pledge is a promise that its author confirms with a reply or a note.
type Pledge struct {
	Text  string    `json:"text" minLength:"1" maxLength:"300"`
	DueAt time.Time `json:"due_at"`
}

// pledgesOf keeps apart none given and an empty list.
func pledgesOf(given *[]Pledge) desk.Pledges {
	if given == nil {
		return nil
	}
	all := desk.Pledges{}
	for _, p := range *given {
		all = append(all, desk.Pledge{Text: p.Text, Due: p.DueAt})
	}
	return all
}

// Meant is what an author said about a promise that was found while they wrote.
type Meant struct {
	Text  string    `json:"text" minLength:"1" maxLength:"300" doc:"As it was found"`
	DueAt time.Time `json:"due_at"`
	Meant bool      `json:"meant" doc:"False: it is none"`
}

// pledges are what goes with a text: what its author gives, else what the text
// says, as they have judged what was found of it; nil when they said nothing.
func (h deskRoutes) pledges(text string, given *[]Pledge, said []Meant) (desk.Pledges, error) {
	if given != nil || len(said) == 0 {
		return pledgesOf(given), nil
	}
	found, err := h.desk.ReadPromises(text)
	if err != nil {
		return nil, err
	}
	all := make([]desk.Meant, len(said))
	for i, m := range said {
		all[i] = desk.Meant{Text: m.Text, Due: m.DueAt, Meant: m.Meant}
	}
	return desk.Promising(found, all), nil
}

// OpenPromise is what a ticket has promised and not kept.
type OpenPromise struct {
	Text    string    `json:"text"`
	DueAt   time.Time `json:"due_at"`
	OwnerID int64     `json:"owner_id"`
}

// FoundPromise is one that a text makes, or may make.
type FoundPromise struct {
	Text    string    `json:"text"`
	DueAt   time.Time `json:"due_at"`
	Hour    bool      `json:"hour" doc:"False when only a day was named: then it is the end of the working day"`
	Certain bool      `json:"certain" doc:"False: only a suggestion, of which nothing comes unless it is sent as a commitment"`
}

type readPromises struct {
	Body struct {
		Body string `json:"body" maxLength:"50000"`
	}
}

// read handles POST /api/commitments/read.
func (h promiseRoutes) read(_ context.Context, _ access.Actor, in *readPromises) (Items[FoundPromise], error) {
	found, err := h.desk.ReadPromises(in.Body.Body)
	return itemsOf(found, func(p commitment.Promise) FoundPromise { return FoundPromise{p.Text, p.Due, p.Hour, p.Certain} }), err
}

// Commitment is what somebody has promised the customer.
type Commitment struct {
	ID        int64            `json:"id"`
	Text      string           `json:"text"`
	DueAt     time.Time        `json:"due_at"`
	State     string           `json:"state" enum:"open,kept,withdrawn"`
	Broken    bool             `json:"broken" doc:"It ran out before it was kept, moved or withdrawn, once at least"`
	BrokenAt  *time.Time       `json:"broken_at"`
	AuthorID  int64            `json:"author_id"`
	OwnerID   int64            `json:"owner_id" doc:"Who is to keep it"`
	MessageID *int64           `json:"message_id"`
	NoteID    *int64           `json:"note_id"`
	ClockID   *int64           `json:"clock_id"`
	KeptBy    *int64           `json:"kept_by" doc:"The message by which it was kept; null by hand or by a call"`
	Reason    string           `json:"reason"`
	EndedBy   *int64           `json:"ended_by"`
	EndedAt   *time.Time       `json:"ended_at"`
	CreatedAt time.Time        `json:"created_at"`
	Moves     []CommitmentMove `json:"moves"`
}

// CommitmentMove is one time that a promise was moved.
type CommitmentMove struct {
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Reason    string    `json:"reason"`
	AccountID int64     `json:"account_id"`
	At        time.Time `json:"at"`
}

func commitmentBody(c ticket.Commitment) Commitment {
	return Commitment{
		ID: c.ID, Text: c.Text, DueAt: c.Due, State: string(c.State), Broken: c.BrokenAt != nil, BrokenAt: c.BrokenAt,
		AuthorID: c.AuthorID, OwnerID: c.OwnerID, MessageID: c.MessageID, NoteID: c.NoteID, ClockID: c.ClockID, KeptBy: c.KeptBy,
		Reason: c.Reason, EndedBy: c.EndedBy, EndedAt: c.EndedAt, CreatedAt: c.CreatedAt,
		Moves: itemsOf(c.Moves, func(m ticket.CommitmentMove) CommitmentMove {
			return CommitmentMove{m.FromDue, m.ToDue, m.Reason, m.AccountID, m.At}
		}).Items,
	}
}

// list handles GET /api/tickets/{ticket}/commitments.
func (h promiseRoutes) list(ctx context.Context, who access.Actor, in *TicketRef) (Items[Commitment], error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Items[Commitment]{}, err
	}
	all, err := ticket.Commitments(ctx, h.db, t.ID)
	return itemsOf(all, commitmentBody), err
}

// CommitmentRef is one promise of one ticket.
type CommitmentRef struct {
	TicketRef
	Commitment string `path:"commitment"`
}

func (h promiseRoutes) on(ctx context.Context, who access.Actor, ref CommitmentRef, act func(id, promise int64) error) (Items[Commitment], error) {
	t, err := ticket.See(ctx, h.db, who, ref.Ticket)
	if err != nil {
		return Items[Commitment]{}, err
	}
	promise, err := pathID(ref.Commitment, ticket.ErrNoCommitment)
	if err == nil {
		err = act(t.ID, promise)
	}
	if err != nil {
		return Items[Commitment]{}, err
	}
	return h.list(ctx, who, &ref.TicketRef)
}

type reasonedCommitment struct {
	CommitmentRef
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

// keep handles POST /api/tickets/{ticket}/commitments/{commitment}/keep.
func (h promiseRoutes) keep(ctx context.Context, who access.Actor, in *reasonedCommitment) (Items[Commitment], error) {
	return h.on(ctx, who, in.CommitmentRef, func(id, promise int64) error {
		_, err := h.desk.KeepPromise(ctx, who, id, promise, in.Body.Reason)
		return err
	})
}

// withdraw handles POST /api/tickets/{ticket}/commitments/{commitment}/withdraw.
func (h promiseRoutes) withdraw(ctx context.Context, who access.Actor, in *reasonedCommitment) (Items[Commitment], error) {
	return h.on(ctx, who, in.CommitmentRef, func(id, promise int64) error {
		_, err := h.desk.WithdrawPromise(ctx, who, id, promise, in.Body.Reason)
		return err
	})
}

type moveCommitment struct {
	CommitmentRef
	Body struct {
		DueAt  time.Time `json:"due_at"`
		Reason string    `json:"reason" minLength:"1" maxLength:"500"`
	}
}

// move handles POST /api/tickets/{ticket}/commitments/{commitment}/move.
func (h promiseRoutes) move(ctx context.Context, who access.Actor, in *moveCommitment) (Items[Commitment], error) {
	return h.on(ctx, who, in.CommitmentRef, func(id, promise int64) error {
		_, err := h.desk.MovePromise(ctx, who, id, promise, in.Body.DueAt, in.Body.Reason)
		return err
	})
}

// KeptPromises is how one person of one team keeps promises.
type KeptPromises struct {
	TeamID  int64 `json:"team_id"`
	OwnerID int64 `json:"owner_id"`
	Open    int   `json:"open"`
	Late    int   `json:"late" doc:"Of the open ones, those that have run out"`
	Broken  int   `json:"broken" doc:"Ran out in these days, kept later or not"`
	Kept    int   `json:"kept" doc:"Kept in time in these days"`
}

type promiseDays struct {
	Days int `query:"days" minimum:"1" maximum:"366" default:"30"`
}

// count handles GET /api/board/commitments.
func (h promiseRoutes) count(ctx context.Context, who access.Actor, in *promiseDays) (Items[KeptPromises], error) {
	all, err := ticket.CountPromises(ctx, h.db, who.Scope(), h.now().AddDate(0, 0, -in.Days))
	return itemsOf(all, func(b ticket.BrokenPromises) KeptPromises {
		return KeptPromises{b.Team, b.Owner, b.Open, b.Late, b.Broken, b.Kept}
	}), err
}
