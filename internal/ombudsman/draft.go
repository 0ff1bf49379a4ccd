package ombudsman

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// DraftState is where the answer in preparation stands.
type DraftState string

// The states. What is signed is sent.
const (
	InDraft  DraftState = "draft"
	InReview DraftState = "review"
	Signed   DraftState = "signed"
)

// maxRemark bounds why a draft goes back, in runes.
const maxRemark = 2_000

// Draft is the conclusive answer in preparation.
type Draft struct {
	Body      string
	State     DraftState
	AuthorID  int64 // who last wrote in it: whoever that is does not sign it
	Author    string
	Remark    string // of whoever gave it back
	Version   int
	UpdatedAt time.Time
}

// Write stores the draft; review hands it over to be signed. version is the one
// its author had before them, 0 for the first; another is ErrDraftMoved.
func (s *Service) Write(ctx context.Context, actor access.Actor, id int64, body string, version int, review bool) error {
	body, err := ticket.CheckBody("body", body)
	if err != nil {
		return err
	}
	state, act := InDraft, "drafted"
	if review {
		state, act = InReview, "given_for_review"
		if stalls(body) {
			return ErrStalling
		}
	}
	return s.open(ctx, actor, id, act, func(tx *gorm.DB, _ ticket.Ticket) (any, error) {
		was, err := draftOf(tx, id)
		if err != nil {
			return nil, err
		}
		author := actor.AccountID
		if was != nil {
			if was.Version != version {
				return nil, ErrDraftMoved.With("version", was.Version)
			}
			if was.Body == body { // who hands over what another wrote has not written it
				author = was.AuthorID
			}
		} else if version != 0 {
			return nil, ErrDraftMoved.With("version", 0)
		}
		err = tx.Exec(`INSERT INTO case_drafts (ticket_id, body, state, author_id, updated_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (ticket_id) DO UPDATE SET body = excluded.body, state = excluded.state, author_id = excluded.author_id,
			remark = '', version = case_drafts.version + 1, updated_at = excluded.updated_at`,
			id, body, state, author, s.now()).Error
		if err != nil {
			return nil, fmt.Errorf("store the draft of case %d: %w", id, err)
		}
		return map[string]any{"version": version + 1}, nil
	})
}

// Return gives the draft back to its author with a remark.
func (s *Service) Return(ctx context.Context, actor access.Actor, id int64, remark string) error {
	remark, err := checkText("remark", remark, maxRemark)
	if err != nil {
		return err
	}
	return s.open(ctx, actor, id, "returned", func(tx *gorm.DB, _ ticket.Ticket) (any, error) {
		done := tx.Exec(`UPDATE case_drafts SET state = 'draft', remark = ?, version = version + 1, updated_at = ?
			WHERE ticket_id = ? AND state = 'review'`, remark, s.now(), id)
		if err := changed(done, "return the draft of", id); err != nil {
			return nil, ErrNoDraft.Because(err)
		}
		return map[string]any{"remark": remark}, nil
	})
}

// Sign sends the answer that was given for review and concludes the case: by
// somebody who signs and did not write it, when every point has its answer and
// the verdict is decided. version is the one the signer has read.
func (s *Service) Sign(ctx context.Context, actor access.Actor, id int64, version int) (ticket.Message, error) {
	t, err := ticket.See(ctx, s.db.Gorm, actor, fmt.Sprint(id))
	if err != nil || !t.Walled {
		return ticket.Message{}, ticket.ErrNotFound.Because(err)
	}
	if !t.Status.IsOpen() {
		return ticket.Message{}, ErrEnded
	}
	d, err := draftOf(s.db.Gorm.WithContext(ctx), id)
	if err != nil {
		return ticket.Message{}, err
	}
	if d == nil || d.State != InReview {
		return ticket.Message{}, ErrNoDraft
	}
	// Everything is asked again within, where the case is locked; what is sent is
	// the text of the version that was read, or nothing.
	m, _, err := s.desk.Reply(ctx, actor, id, desk.Reply{Body: d.Body, Resolve: true,
		Within: func(ctx context.Context, tx *gorm.DB, m ticket.Message) error {
			return s.conclude(ctx, tx, actor, id, version, m)
		}})
	return m, err
}

func (s *Service) conclude(ctx context.Context, tx *gorm.DB, actor access.Actor, id int64, version int, m ticket.Message) error {
	if err := signs(ctx, tx, actor); err != nil {
		return err
	}
	r, err := lockCase(ctx, tx, id)
	if err != nil {
		return err
	}
	d, err := draftOf(tx, id)
	switch {
	case err != nil:
		return err
	case d == nil || d.State != InReview:
		return ErrNoDraft
	case d.Version != version || d.Body != m.Body:
		return ErrDraftMoved.With("version", d.Version)
	case d.AuthorID == actor.AccountID:
		return ErrFourEyes
	case stalls(d.Body):
		return ErrStalling
	case r.Merit == "" || r.Result == "":
		return ErrVerdict
	}
	if err := answeredAll(tx, id); err != nil {
		return err
	}
	err = tx.Exec("UPDATE case_drafts SET state = 'signed', updated_at = ? WHERE ticket_id = ?", m.At, id).Error
	if err == nil {
		err = tx.Exec(`UPDATE ombudsman_cases SET concluded_at = ?, concluded_by = ?, message_id = ?, complement_at = NULL,
			complement_due = NULL WHERE ticket_id = ?`, m.At, actor.AccountID, m.ID, id).Error
	}
	if err == nil {
		err = tx.Exec("UPDATE area_requests SET state = 'withdrawn', ended_at = ? WHERE ticket_id = ? AND state = 'open'", m.At, id).Error
	}
	if err != nil {
		return fmt.Errorf("conclude case %d: %w", id, err)
	}
	return trace(ctx, tx, id, "signed", &actor.AccountID, map[string]any{"message": m.ID, "drafted_by": d.AuthorID}, m.At)
}

func draftOf(db *gorm.DB, id int64) (*Draft, error) {
	var all []Draft
	err := db.Raw(`SELECT d.body, d.state, d.author_id, a.name AS author, d.remark, d.version, d.updated_at
		FROM case_drafts d JOIN accounts a ON a.id = d.author_id WHERE d.ticket_id = ?`, id).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("read the draft of case %d: %w", id, err)
	}
	if len(all) == 0 {
		return nil, nil
	}
	return &all[0], nil
}

// Judge stores the verdict. Only how the demandant sees it may still change when
// the case has its answer.
func (s *Service) Judge(ctx context.Context, actor access.Actor, id int64, v Verdict) error {
	for _, c := range []struct {
		field string
		bad   bool
	}{
		{"merit", v.Merit != "" && !has(Merits, v.Merit)},
		{"result", v.Result != "" && !has(Results, v.Result)},
		{"consumer_view", v.Consumer != "" && !has(Views, v.Consumer)},
	} {
		if c.bad {
			return wrong(c.field, "unknown_choice")
		}
	}
	return s.act(ctx, actor, id, "judged", func(tx *gorm.DB, t ticket.Ticket) (any, error) {
		was, err := lockCase(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if !t.Status.IsOpen() && (was.Merit != v.Merit || was.Result != v.Result || was.ReversesSac != v.ReversesSAC) {
			return nil, ErrEnded
		}
		if v.ReversesSAC && was.SacTicketID == nil && was.SacProtocol == "" {
			return nil, wrong("reverses_sac", "case_no_sac")
		}
		err = tx.Exec("UPDATE ombudsman_cases SET merit = ?, result = ?, consumer_view = ?, reverses_sac = ? WHERE ticket_id = ?",
			v.Merit, v.Result, v.Consumer, v.ReversesSAC, id).Error
		if err != nil {
			return nil, fmt.Errorf("store the verdict of case %d: %w", id, err)
		}
		return map[string]any{"merit": v.Merit, "result": v.Result, "consumer_view": v.Consumer, "reverses_sac": v.ReversesSAC}, nil
	})
}

func has[T comparable](all []T, v T) bool {
	for _, one := range all {
		if one == v {
			return true
		}
	}
	return false
}
