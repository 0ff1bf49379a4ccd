package area

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

type requestRow struct {
	ID        string
	TicketID  int64
	AreaID    *int64
	Area      string
	TeamID    *int64
	Emails    texts
	Body      string
	Hides     bool
	Blocks    bool
	Calendar  string
	Amount    *int
	Unit      sla.Unit
	AskedBy   int64
	Asker     string
	AskedAt   time.Time
	Due       time.Time
	State     State
	Round     int
	OverdueAt *time.Time
	NextStage string
	NextAt    *time.Time
	EndedAt   *time.Time
	Remark    string
	Protocol  string
	Customer  string
}

func (r requestRow) request() Request {
	out := Request{
		ID: r.ID, TicketID: r.TicketID, AreaID: r.AreaID, Area: r.Area, TeamID: r.TeamID, Emails: r.Emails, Body: r.Body, Hides: r.Hides,
		Blocks: r.Blocks, Calendar: r.Calendar, AskedBy: r.AskedBy, Asker: r.Asker, AskedAt: r.AskedAt, Due: r.Due, State: r.State,
		Round: r.Round, OverdueAt: r.OverdueAt, NextStage: r.NextStage, NextAt: r.NextAt, EndedAt: r.EndedAt, Remark: r.Remark,
		Protocol: r.Protocol, Customer: r.Customer,
	}
	if r.Amount != nil {
		out.Term = sla.Term{Amount: *r.Amount, Unit: r.Unit}
	}
	return out
}

type answerRow struct {
	RequestID string
	ID        int64
	Way       string
	Name      string
	Address   string
	Body      string
	At        time.Time
}

const selectRequests = `SELECT r.id, r.ticket_id, r.area_id, coalesce(a.name, g.name, '') AS area, r.team_id, r.emails, r.body, r.hides, r.blocks,
	r.calendar, r.amount, r.unit, r.asked_by, coalesce(p.name, '') AS asker, r.asked_at, r.due, r.state, r.round, r.overdue_at, r.next_stage,
	nullif(r.next_at, 'infinity') AS next_at, r.ended_at, r.remark, t.protocol, t.customer_name AS customer
	FROM area_requests r JOIN tickets t ON t.id = r.ticket_id LEFT JOIN areas a ON a.id = r.area_id LEFT JOIN teams g ON g.id = r.team_id
	LEFT JOIN accounts p ON p.id = r.asked_by `

func read(ctx context.Context, db *gorm.DB, where string, args ...any) ([]Request, error) {
	var rows []requestRow
	if err := db.WithContext(ctx).Raw(selectRequests+where, args...).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("read what areas are asked: %w", err)
	}
	all := make([]Request, len(rows))
	at := make(map[string]int, len(rows))
	ids, tickets := make([]string, len(rows)), make([]int64, len(rows))
	for i, r := range rows {
		all[i], at[r.ID], ids[i], tickets[i] = r.request(), i, r.ID, r.TicketID
	}
	if len(ids) == 0 {
		return all, nil
	}
	carried, err := ticket.Lent(ctx, db, tickets, ids)
	if err != nil {
		return nil, err
	}
	for id, files := range carried {
		all[at[id]].Files = files
	}
	var answers []answerRow
	err = db.WithContext(ctx).Raw(`SELECT s.request_id, s.id, s.way, coalesce(nullif(s.name, ''), p.name, '') AS name, s.address, s.body, s.at
		FROM area_answers s LEFT JOIN accounts p ON p.id = s.account_id WHERE s.request_id IN ? ORDER BY s.id`, ids).Scan(&answers).Error
	if err != nil {
		return nil, fmt.Errorf("read what areas have answered: %w", err)
	}
	given := make([]int64, len(answers))
	for i, a := range answers {
		given[i] = a.ID
	}
	files, err := ticket.AnswerFiles(ctx, db, given)
	if err != nil {
		return nil, err
	}
	for _, a := range answers {
		r := &all[at[a.RequestID]]
		r.Answers = append(r.Answers, Answer{ID: a.ID, Way: a.Way, Name: a.Name, Address: a.Address, Body: a.Body, Files: files[a.ID], At: a.At})
	}
	return all, nil
}

// Of lists what a ticket asks and has asked, in order, with what became of the
// mails. The caller has made sure that the asker may see the ticket.
func (s *Service) Of(ctx context.Context, ticketID int64) ([]Request, error) {
	return s.whole(ctx, `WHERE r.ticket_id = ? ORDER BY r.asked_at, r.id LIMIT ?`, ticketID, shown)
}

func (s *Service) one(ctx context.Context, id string) (Request, error) {
	all, err := s.whole(ctx, `WHERE r.id = ?`, id)
	if err != nil || len(all) == 0 {
		return Request{}, err
	}
	return all[0], nil
}

func (s *Service) whole(ctx context.Context, where string, args ...any) ([]Request, error) {
	db := s.DB.Gorm.WithContext(ctx)
	all, err := read(ctx, db, where, args...)
	if err != nil {
		return nil, err
	}
	for i := range all {
		r := &all[i]
		err := db.Raw(`SELECT stage, round, at FROM area_stages WHERE request_id = ? ORDER BY at, stage`, r.ID).Scan(&r.Stages).Error
		if err == nil {
			err = db.Raw(`SELECT DISTINCT ON (recipient) recipient, state, reason FROM outbox WHERE purpose = 'area' AND key LIKE ?
				AND state <> 'undone' ORDER BY recipient, id DESC`, r.ID+":%").Scan(&r.Mails).Error
		}
		if err != nil {
			return nil, fmt.Errorf("read what became of request %s: %w", r.Ref(), err)
		}
		if c, unknown := s.Calendars.Get(r.Calendar); unknown == nil && r.Term.Amount > 0 {
			if _, r.Steps, err = c.Explain(r.AskedAt, r.Term, nil); err != nil {
				return nil, fmt.Errorf("explain request %s: %w", r.Ref(), err)
			}
		}
	}
	return all, nil
}

// Asked are the requests that the actor has made of areas, those that wait first,
// by deadline. What they do not see any more is not among them.
func (s *Service) Asked(ctx context.Context, actor access.Actor) ([]Request, error) {
	return read(ctx, s.DB.Gorm, `WHERE r.asked_by = @actor AND `+access.Condition+`
		ORDER BY r.state <> 'open', CASE WHEN r.state = 'open' THEN r.due END, r.ended_at DESC, r.id LIMIT @most`,
		actor.Scope().Named(map[string]any{"actor": actor.AccountID, "most": shown}))
}

// ForTeams are what is asked of the actor's own teams: the open ones by deadline,
// then those answered, the newest first. Whatever a role sees elsewhere, here it
// is the teams alone; of the customer they are told what the asker wanted told.
func (s *Service) ForTeams(ctx context.Context, actor access.Actor) ([]Request, error) {
	if len(actor.Teams) == 0 {
		return nil, nil
	}
	all, err := read(ctx, s.DB.Gorm, `WHERE r.team_id IN ? AND r.state IN ('open', 'answered')
		ORDER BY r.state = 'answered', CASE WHEN r.state = 'open' THEN r.due END, r.ended_at DESC, r.id LIMIT ?`, actor.Teams, shown)
	for i := range all {
		all[i] = all[i].forArea()
	}
	return all, err
}

// forArea leaves of a request what its area may know.
func (r Request) forArea() Request {
	out := Request{ID: r.ID, AreaID: r.AreaID, Area: r.Area, TeamID: r.TeamID, Body: r.Body, AskedAt: r.AskedAt, Due: r.Due,
		State: r.State, EndedAt: r.EndedAt, OverdueAt: r.OverdueAt, Hides: r.Hides, Answers: r.Answers}
	if r.State == Open {
		out.Files = r.Files
	}
	if !r.Hides {
		out.Protocol, out.Customer, out.Asker = r.Protocol, r.Customer, r.Asker
	}
	return out
}

// Asking counts which of some tickets wait for an answer of an area, and for how
// many answers in all.
func Asking(ctx context.Context, db *gorm.DB, tickets []int64) (asking, requests int, err error) {
	for part := range slices.Chunk(tickets, 1000) {
		var a, r int
		err := db.WithContext(ctx).Raw(`SELECT count(DISTINCT ticket_id), count(*) FROM area_requests WHERE ticket_id IN ? AND state = 'open'`, part).
			Row().Scan(&a, &r)
		if err != nil {
			return 0, 0, fmt.Errorf("count what tickets ask of areas: %w", err)
		}
		asking, requests = asking+a, requests+r
	}
	return asking, requests, nil
}

// lockOpen reads a request of a ticket that waits for its answer, and keeps it
// from changing until tx ends. The ticket is locked before.
func lockOpen(ctx context.Context, tx *gorm.DB, ticketID int64, id string) (Request, error) {
	if err := tx.WithContext(ctx).Exec(`SELECT FROM area_requests WHERE id = ? FOR UPDATE`, id).Error; err != nil {
		return Request{}, fmt.Errorf("lock request %s: %w", refOf(id), err)
	}
	all, err := read(ctx, tx, `WHERE r.id = ? AND r.ticket_id = ?`, id, ticketID)
	switch {
	case err != nil:
		return Request{}, err
	case len(all) == 0:
		return Request{}, ErrNotFound
	case all[0].State != Open:
		return all[0], ErrEnded
	}
	return all[0], nil
}
