package call

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Faults of a call that we owe.
var (
	ErrNoCallBack   = fault.New(fault.NotFound, "call_back_not_found")
	ErrCallBackOver = fault.New(fault.Conflict, "call_back_over")
	ErrMayNotCall   = fault.New(fault.Conflict, "call_back_refused") // args: reason, of package reach
)

// Why we owe somebody a call.
type Why string

// The reasons.
const (
	LineDropped Why = "dropped"
	Promised    Why = "promised"
	LeftQueue   Why = "abandoned"
)

// Result is what became of one attempt to call.
type Result string

// The results.
const (
	Reached      Result = "reached"
	NoAnswer     Result = "no_answer"
	Busy         Result = "busy"
	NotTheirs    Result = "wrong_number"
	open                = "open"
	done                = "done"
	cancelled           = "cancelled"
	atOnce              = 15 * time.Minute    // how soon "at once" is
	longestAhead        = 90 * 24 * time.Hour // a call is not promised further ahead
)

// again is when the next attempt makes sense: soon after a busy line, later and
// later when nobody answers.
func again(r Result, attempts int) time.Duration {
	if r == Busy {
		return 5 * time.Minute
	}
	return min(time.Duration(attempts)*20*time.Minute, 4*time.Hour)
}

// Window is when the customer is to be called.
type Window struct{ From, To time.Time }

// check refuses a window in which nobody can call; in is where its fields are.
func (w Window) check(in string, now time.Time) error {
	switch {
	case w.To.Before(w.From):
		return ErrInvalid.Field(in+"to", "before_start")
	case w.To.Before(now):
		return ErrInvalid.Field(in+"to", "in_the_past")
	case w.From.After(now.Add(longestAhead)):
		return ErrInvalid.Field(in+"from", "too_far_ahead")
	}
	return nil
}

// CallBack is a call that we owe.
type CallBack struct {
	ID        int64
	TicketID  int64
	ContactID *int64
	AgentID   *int64 // nil is the team of its ticket
	Why       Why
	Phone     string // E.164; empty when it must be looked up in the ticket
	Window    Window
	NextAt    time.Time // not before
	Attempts  []Attempt
	Tried     int
	State     string // open, done, cancelled
	Reason    string
	CreatedAt time.Time
	EndedAt   *time.Time
	Ticket    ticket.Snapshot
	May       reach.Answer // what the gate of all ways out says
}

// Attempt is one time that we tried.
type Attempt struct {
	At        time.Time
	AccountID int64
	Result    Result
	Note      string
}

type callBackRow struct {
	ID        int64
	TicketID  int64
	ContactID *int64
	AgentID   *int64
	Why       Why
	Phone     string
	FromAt    time.Time
	ToAt      time.Time
	NextAt    time.Time
	Attempts  int
	State     string
	Reason    string
	CreatedAt time.Time `gorm:"autoCreateTime:false"`
	EndedAt   *time.Time
}

func (callBackRow) TableName() string { return "call_backs" }

func (r callBackRow) callBack() CallBack {
	return CallBack{ID: r.ID, TicketID: r.TicketID, ContactID: r.ContactID, AgentID: r.AgentID, Why: r.Why, Phone: r.Phone,
		Window: Window{r.FromAt, r.ToAt}, NextAt: r.NextAt, Tried: r.Attempts, State: r.State, Reason: r.Reason,
		CreatedAt: r.CreatedAt, EndedAt: r.EndedAt}
}

// owe notes a call that we owe. One that is open for the same ticket is replaced:
// a customer is called once, at the time that was last agreed.
func (s *Service) owe(ctx context.Context, tx *gorm.DB, r callBackRow, w Window) error {
	now := s.now()
	if err := w.check("call_back.", now); err != nil {
		return err
	}
	if err := endCallBacks(ctx, tx, r.TicketID, cancelled, "replaced", now); err != nil {
		return err
	}
	r.FromAt, r.ToAt, r.NextAt, r.State, r.CreatedAt = w.From.UTC(), w.To.UTC(), w.From.UTC(), open, now
	if err := tx.WithContext(ctx).Create(&r).Error; err != nil {
		return fmt.Errorf("note a call that we owe for ticket %d: %w", r.TicketID, err)
	}
	return nil
}

// endCallBacks ends what we owe for a ticket.
func endCallBacks(ctx context.Context, tx *gorm.DB, ticketID int64, state, reason string, now time.Time) error {
	err := tx.WithContext(ctx).Exec("UPDATE call_backs SET state = ?, reason = ?, ended_at = ? WHERE ticket_id = ? AND state = 'open'",
		state, reason, now, ticketID).Error
	if err != nil {
		return fmt.Errorf("end what we owe for ticket %d: %w", ticketID, err)
	}
	return nil
}

// CallBackQuery asks for calls that we owe, the most urgent first.
type CallBackQuery struct {
	Mine   bool
	State  string // open when empty
	Ticket int64
	Limit  int
}

// CallBacks lists those whose tickets the actor may see.
func (s *Service) CallBacks(ctx context.Context, actor access.Actor, q CallBackQuery) ([]CallBack, error) {
	if q.State == "" {
		q.State = open
	}
	if q.Limit <= 0 || q.Limit > largestPage {
		q.Limit = largestPage
	}
	var rows []callBackRow
	err := s.db.Gorm.WithContext(ctx).Raw(`SELECT b.* FROM call_backs b JOIN tickets t ON t.id = b.ticket_id
		WHERE b.state = @state AND `+access.Condition+`
		  AND (NOT @mine OR b.agent_id = @me) AND (@ticket = 0 OR b.ticket_id = @ticket)
		ORDER BY b.to_at, b.id LIMIT @limit`, actor.Scope().Named(map[string]any{
		"state": q.State, "mine": q.Mine,
		"me": actor.AccountID, "ticket": q.Ticket, "limit": q.Limit,
	})).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list the calls that we owe: %w", err)
	}
	return s.describe(ctx, actor, rows)
}

// describe adds the attempts and the tickets.
func (s *Service) describe(ctx context.Context, actor access.Actor, rows []callBackRow) ([]CallBack, error) {
	owed := make([]CallBack, len(rows))
	byID := make(map[int64]*CallBack, len(rows))
	ids, tickets := make([]int64, len(rows)), make([]int64, len(rows))
	for i, r := range rows {
		owed[i] = r.callBack()
		byID[r.ID], ids[i], tickets[i] = &owed[i], r.ID, r.TicketID
	}
	seen, err := ticket.Snapshots(ctx, s.db.Gorm, actor, tickets)
	if err != nil {
		return nil, err
	}
	var tried []struct {
		CallBackID int64
		Attempt
	}
	err = s.db.Gorm.WithContext(ctx).Raw("SELECT call_back_id, at, account_id, result, note FROM call_back_attempts WHERE call_back_id IN ? ORDER BY id",
		ids).Scan(&tried).Error
	if err != nil {
		return nil, fmt.Errorf("read attempts to call: %w", err)
	}
	for _, a := range tried {
		byID[a.CallBackID].Attempts = append(byID[a.CallBackID].Attempts, a.Attempt)
	}
	for i := range owed {
		b := &owed[i]
		b.Ticket = seen[b.TicketID]
		if b.State == open {
			if b.May, err = s.gate(ctx, s.db.Gorm, b.Ticket.CustomerID, b.Phone); err != nil {
				return nil, err
			}
		}
	}
	return owed, nil
}

// gate asks whether this customer may be called now. A number that is not known
// is looked up by a person, so its lack forbids nothing.
func (s *Service) gate(ctx context.Context, db *gorm.DB, customerID *int64, number string) (reach.Answer, error) {
	if number == "" {
		return reach.Answer{Allowed: true}, nil
	}
	return reach.May(ctx, db, reach.Question{CustomerID: customerID, Address: number, Way: reach.Phone, Purpose: reach.Reply, At: s.now()})
}

// Owed is what the event of a call that we owe tells beside the row.
type Owed struct {
	CallBackID int64  `json:"call_back_id"`
	Result     Result `json:"result,omitempty"`
	Attempts   int    `json:"attempts"`
	State      string `json:"state"`
	Reason     string `json:"reason,omitempty"`
}

// Attempt notes that the actor has tried to call. Reached ends it; a number that
// is not theirs cancels it; else the next try is put off a little.
func (s *Service) Attempt(ctx context.Context, actor access.Actor, id int64, r Result, note string) (CallBack, error) {
	note, err := shortText("note", note)
	if err != nil {
		return CallBack{}, err
	}
	if r != Reached && r != NoAnswer && r != Busy && r != NotTheirs {
		return CallBack{}, ErrInvalid.Field("result", "unknown_choice")
	}
	return s.changeCallBack(ctx, actor, id, func(tx *gorm.DB, t *ticket.Ticket, b *callBackRow, told *Owed) error {
		now := s.now()
		may, err := s.gate(ctx, tx, t.CustomerID, b.Phone)
		if err != nil {
			return err
		}
		if !may.Allowed {
			return ErrMayNotCall.With("reason", may.Reason)
		}
		b.Attempts++
		told.Result = r
		switch r {
		case Reached:
			b.State, b.EndedAt = done, &now
		case NotTheirs:
			b.State, b.EndedAt, b.Reason = cancelled, &now, string(NotTheirs)
		default:
			b.NextAt = now.Add(again(r, b.Attempts))
		}
		err = tx.WithContext(ctx).Exec("INSERT INTO call_back_attempts (call_back_id, account_id, result, note, at) VALUES (?, ?, ?, ?, ?)",
			id, actor.AccountID, r, note, now).Error
		if err != nil {
			return fmt.Errorf("note an attempt to call: %w", err)
		}
		if r == Reached {
			_, err = s.desk.KeepPromises(ctx, tx, actor, t, nil, now)
		}
		return err
	})
}

// CallBackChange ends a call that we owe without having made it, for a reason,
// puts it off, or gives it to somebody. Nil leaves a field as it is.
type CallBackChange struct {
	Cancel  bool
	Reason  string
	Window  *Window
	AgentID *int64 // 0 is the team
}

// ChangeCallBack does so.
func (s *Service) ChangeCallBack(ctx context.Context, actor access.Actor, id int64, c CallBackChange) (CallBack, error) {
	reason, err := shortText("reason", c.Reason)
	if err != nil {
		return CallBack{}, err
	}
	if c.Cancel && reason == "" {
		return CallBack{}, ErrInvalid.Field("reason", "required")
	}
	return s.changeCallBack(ctx, actor, id, func(tx *gorm.DB, _ *ticket.Ticket, b *callBackRow, told *Owed) error {
		now := s.now()
		if c.Cancel {
			b.State, b.EndedAt, b.Reason, told.Reason = cancelled, &now, reason, reason
			return nil
		}
		if c.AgentID != nil {
			var known bool
			if err := tx.WithContext(ctx).Raw("SELECT EXISTS (SELECT FROM accounts WHERE id = ? AND active)", *c.AgentID).Scan(&known).Error; err != nil {
				return fmt.Errorf("look for account %d: %w", *c.AgentID, err)
			}
			if *c.AgentID != 0 && !known {
				return ErrInvalid.Field("agent_id", "unknown_choice")
			}
			if b.AgentID = c.AgentID; *c.AgentID == 0 {
				b.AgentID = nil
			}
		}
		if w := c.Window; w != nil {
			if err := w.check("", now); err != nil {
				return err
			}
			b.FromAt, b.ToAt, b.NextAt = w.From.UTC(), w.To.UTC(), w.From.UTC()
		}
		return nil
	})
}

func (s *Service) changeCallBack(ctx context.Context, actor access.Actor, id int64, fn func(*gorm.DB, *ticket.Ticket, *callBackRow, *Owed) error) (CallBack, error) {
	was, err := s.callBackRow(ctx, s.db.Gorm, id)
	if err != nil {
		return CallBack{}, err
	}
	told := Owed{CallBackID: id}
	var b callBackRow
	_, err = s.desk.Act(ctx, &actor, was.TicketID, event.TicketCallBack, &told, func(tx *gorm.DB, t *ticket.Ticket) (err error) {
		if b, err = s.callBackRow(ctx, tx.Clauses(forUpdate), id); err != nil {
			return err
		}
		if b.State != open {
			return ErrCallBackOver
		}
		if err := fn(tx, t, &b, &told); err != nil {
			return err
		}
		told.Attempts, told.State = b.Attempts, b.State
		if err := tx.WithContext(ctx).Save(&b).Error; err != nil {
			return err
		}
		return ticket.ShowOwed(ctx, tx, t)
	})
	if errors.Is(err, ticket.ErrNotFound) {
		return CallBack{}, ErrNoCallBack
	}
	if err != nil {
		return CallBack{}, err
	}
	owed, err := s.describe(ctx, actor, []callBackRow{b})
	if err != nil {
		return CallBack{}, err
	}
	return owed[0], nil
}

func (s *Service) callBackRow(ctx context.Context, db *gorm.DB, id int64) (callBackRow, error) {
	var r callBackRow
	switch err := db.WithContext(ctx).Where("id = ?", id).Take(&r).Error; {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return callBackRow{}, ErrNoCallBack
	case err != nil:
		return callBackRow{}, fmt.Errorf("read a call that we owe: %w", err)
	}
	return r, nil
}

// shortText bounds a remark.
func shortText(field, s string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case !utf8.ValidString(s) || strings.ContainsRune(s, 0):
		return "", ErrInvalid.Field(field, "not_text")
	case utf8.RuneCountInString(s) > maxReason:
		bad := *ErrInvalid
		bad.Details = []fault.Detail{{Field: field, Code: "too_long", Args: map[string]any{"max": maxReason}}}
		return "", &bad
	}
	return s, nil
}
