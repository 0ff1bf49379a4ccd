package desk

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// ErrNoHelp is the end of a call for help that has ended, or never was.
var ErrNoHelp = fault.New(fault.NotFound, "no_help_asked")

// maxHelp bounds the word of a call for help, in runes.
const maxHelp = 300

// Help is somebody on a ticket who asks for a supervisor.
type Help struct {
	TicketID  int64
	Protocol  string
	Subject   string
	AccountID int64
	Name      string
	Word      string
	AskedAt   time.Time
}

// Helped is what the event of a call for help tells beside the row.
type Helped struct {
	AccountID int64  `json:"account_id"` // who asked
	Word      string `json:"word,omitempty"`
	Did       string `json:"did"` // asked, withdrawn or joined
}

// AskHelp calls a supervisor to a ticket that the actor sees. Whoever asks again
// while they wait only changes the word.
func (s *Service) AskHelp(ctx context.Context, actor access.Actor, id int64, word string) error {
	word = strings.TrimSpace(word)
	switch {
	case !utf8.ValidString(word) || strings.ContainsRune(word, 0):
		return ticket.Wrong("word", "not_text")
	case utf8.RuneCountInString(word) > maxHelp:
		return ticket.Wrong("word", "too_long", maxHelp)
	}
	c := ticket.Cause{Kind: event.TicketHelp, Data: Helped{actor.AccountID, word, "asked"}, At: s.now()}
	_, err := s.act(ctx, &actor, id, c, func(tx *gorm.DB, t *ticket.Ticket) error {
		if !t.Status.IsOpen() {
			return ticket.ErrClosed
		}
		written := tx.WithContext(ctx).Exec(`INSERT INTO help_calls (ticket_id, account_id, word, asked_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (ticket_id, account_id) WHERE ended_at IS NULL DO UPDATE SET word = excluded.word WHERE help_calls.word <> excluded.word`,
			id, actor.AccountID, word, c.At)
		if written.Error != nil {
			return fmt.Errorf("note a call for help on ticket %d: %w", id, written.Error)
		}
		if written.RowsAffected == 0 {
			return ticket.ErrUnchanged
		}
		return nil
	})
	return err
}

// EndHelp ends what account asked for on a ticket: they withdraw it, or the actor,
// who may take over, comes to help. Anybody else is refused.
func (s *Service) EndHelp(ctx context.Context, actor access.Actor, id, account int64) error {
	did := "withdrawn"
	if account != actor.AccountID {
		did = "joined"
		if !actor.May(access.TakeOver) {
			return ticket.ErrNotYours
		}
	}
	c := ticket.Cause{Kind: event.TicketHelp, Data: Helped{AccountID: account, Did: did}, At: s.now()}
	_, err := s.act(ctx, &actor, id, c, func(tx *gorm.DB, _ *ticket.Ticket) error {
		ended := tx.WithContext(ctx).Exec("UPDATE help_calls SET ended_at = ?, ended_by = ? WHERE ticket_id = ? AND account_id = ? AND ended_at IS NULL",
			c.At, actor.AccountID, id, account)
		if ended.Error != nil {
			return fmt.Errorf("end a call for help on ticket %d: %w", id, ended.Error)
		}
		if ended.RowsAffected == 0 {
			return ErrNoHelp
		}
		return nil
	})
	return err
}

// helpAtOnce bounds how many calls for help are listed.
const helpAtOnce = 100

// CallsForHelp lists who waits for a supervisor, the longest first: for those who
// may take over everybody on the tickets they see, for others only themselves.
func CallsForHelp(ctx context.Context, db *gorm.DB, actor access.Actor) (all []Help, err error) {
	err = db.WithContext(ctx).Raw(`SELECT h.ticket_id, t.protocol, t.subject, h.account_id, a.name, h.word, h.asked_at
		FROM help_calls h JOIN tickets t ON t.id = h.ticket_id JOIN accounts a ON a.id = h.account_id
		WHERE h.ended_at IS NULL AND t.open AND (@help OR h.account_id = @me) AND `+access.Condition+`
		ORDER BY h.asked_at, h.id LIMIT @most`,
		actor.Scope().Named(map[string]any{"help": actor.May(access.TakeOver), "me": actor.AccountID, "most": helpAtOnce})).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("list calls for help: %w", err)
	}
	return all, nil
}
