package desk

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// ErrDraftNewer is a draft that was saved from somewhere else since: "draft" among
// its values is the one that is stored.
var ErrDraftNewer = fault.New(fault.Conflict, "draft_newer")

// DraftKind is what a draft will become.
type DraftKind string

// The kinds of draft. Each author has one of each on a ticket, under two keys, so
// that a note cannot become an answer.
const (
	DraftReply DraftKind = "reply"
	DraftNote  DraftKind = "note"
)

// Draft is what somebody has written on a ticket and not sent.
type Draft struct {
	TicketID   int64
	AccountID  int64
	AuthorName string
	Kind       DraftKind
	Body       string // as it was typed, spaces and all
	Seen       int    // public version of the ticket when the writing began
	Revision   int64  // counts the times it was saved, from 1
	UpdatedAt  time.Time
}

// SaveDraft keeps what the actor is writing on a ticket that they see. d.Revision
// is the one that was seen last, 0 for none: when other words were saved since,
// nothing is written and the error is ErrDraftNewer. An empty text removes the
// draft; what is returned then has the revision 0.
func (s *Service) SaveDraft(ctx context.Context, actor access.Actor, d Draft) (Draft, error) {
	switch {
	case !utf8.ValidString(d.Body) || strings.ContainsRune(d.Body, 0):
		return Draft{}, ticket.Wrong("body", "not_text")
	case utf8.RuneCountInString(d.Body) > ticket.MaxBody:
		return Draft{}, ticket.Wrong("body", "too_long", ticket.MaxBody)
	}
	statement := `
		INSERT INTO drafts (ticket_id, account_id, kind, body, seen, revision, updated_at)
		VALUES (@ticket, @account, @kind, @body, @seen, nextval('draft_revisions'), @at)
		ON CONFLICT (ticket_id, account_id, kind) DO UPDATE
		SET body = excluded.body, seen = excluded.seen, revision = excluded.revision, updated_at = excluded.updated_at
		WHERE drafts.revision = @revision OR drafts.body = excluded.body RETURNING *`
	if d.Body == "" {
		statement = `DELETE FROM drafts WHERE ticket_id = @ticket AND account_id = @account AND kind = @kind AND revision = @revision RETURNING *`
	}
	var saved []Draft
	err := s.db.Gorm.WithContext(ctx).Raw(statement, map[string]any{
		"ticket": d.TicketID, "account": actor.AccountID, "kind": d.Kind, "body": d.Body, "seen": d.Seen, "at": s.now(), "revision": d.Revision,
	}).Scan(&saved).Error
	if err != nil {
		return Draft{}, fmt.Errorf("keep a draft on ticket %d: %w", d.TicketID, err)
	}
	if len(saved) == 1 {
		saved[0].AuthorName = actor.Name
		if d.Body == "" {
			saved[0] = Draft{TicketID: d.TicketID, AccountID: actor.AccountID, AuthorName: actor.Name, Kind: d.Kind}
		}
		return saved[0], nil
	}
	all, err := Drafts(ctx, s.db.Gorm, d.TicketID)
	if err != nil {
		return Draft{}, err
	}
	for _, other := range all {
		if other.AccountID == actor.AccountID && other.Kind == d.Kind {
			return Draft{}, ErrDraftNewer.With("draft", other)
		}
	}
	return Draft{TicketID: d.TicketID, AccountID: actor.AccountID, AuthorName: actor.Name, Kind: d.Kind}, nil
}

// Drafts lists what is being written on a ticket, by everybody, the newest first.
// Whoever sees the ticket may read them.
func Drafts(ctx context.Context, db *gorm.DB, ticketID int64) (all []Draft, err error) {
	err = db.WithContext(ctx).Raw(`SELECT d.*, a.name AS author_name FROM drafts d JOIN accounts a ON a.id = d.account_id
		WHERE d.ticket_id = ? ORDER BY d.updated_at DESC, d.account_id, d.kind`, ticketID).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("read the drafts on ticket %d: %w", ticketID, err)
	}
	return all, nil
}

// sentDraft removes the draft that an answer or note was, in its transaction: it
// must not come back on another machine as if it were still to be sent. What its
// author has written since, in another window, stays.
func sentDraft(ctx context.Context, tx *gorm.DB, actor access.Actor, ticketID int64, kind DraftKind, body string) error {
	const blank = ` E' \t\r\n'`
	err := tx.WithContext(ctx).Exec(`DELETE FROM drafts WHERE ticket_id = ? AND account_id = ? AND kind = ?
		AND btrim(replace(body, E'\r\n', E'\n'),`+blank+`) = btrim(?,`+blank+`)`, ticketID, actor.AccountID, kind, body).Error
	if err != nil {
		return fmt.Errorf("remove the draft of what was sent on ticket %d: %w", ticketID, err)
	}
	return nil
}
