package area

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// maxSigned bounds the name under an answer, in runes.
const maxSigned = 100

// given is an answer on its way in.
type given struct {
	way       string
	accountID *int64
	name      string
	address   string
	body      string
	files     []ticket.File // Blob, Name, Mime and Size
	mailID    string
}

// AnswerInDesk takes the answer of somebody of the area's team, once. Absent,
// another team's, withdrawn and answered are told apart by nobody who may not see
// them.
func (s *Service) AnswerInDesk(ctx context.Context, actor access.Actor, id, body string, files []ticket.File) (Request, error) {
	body, err := checkText("answer", body, MaxText)
	if err != nil {
		return Request{}, err
	}
	var mine bool
	err = s.DB.Gorm.WithContext(ctx).Raw(`SELECT EXISTS (SELECT FROM area_requests WHERE id = ? AND team_id IN ? AND state = 'open')`,
		id, append([]int64{0}, actor.Teams...)).Scan(&mine).Error
	if err != nil {
		return Request{}, fmt.Errorf("find a request: %w", err)
	}
	if !mine {
		return Request{}, ErrNotFound
	}
	err = s.take(ctx, id, given{way: "desk", accountID: &actor.AccountID, name: actor.Name, body: body, files: files})
	if errors.Is(err, ErrEnded) {
		err = ErrNotFound
	}
	if err != nil {
		return Request{}, err
	}
	r, err := s.one(ctx, id)
	return r.forArea(), err
}

// Opened is a request as whoever holds its link sees it: what was asked and, when
// it is over, what was answered by a link. Absent, over for longer than Grace and
// a wrong token are the same.
func (s *Service) Opened(ctx context.Context, id, token string) (Request, error) {
	r, _, err := s.opened(ctx, id, token)
	return r, err
}

func (s *Service) opened(ctx context.Context, id, token string) (r Request, address string, err error) {
	n, ok := s.Links.verify(id, token)
	if !ok {
		return Request{}, "", ErrNotFound
	}
	all, err := read(ctx, s.DB.Gorm, `WHERE r.id = ?`, id)
	switch {
	case err != nil:
		return Request{}, "", err
	case len(all) == 0, n >= len(all[0].Emails), all[0].EndedAt != nil && s.Now().After(all[0].EndedAt.Add(Grace)):
		return Request{}, "", ErrNotFound
	}
	return all[0].forArea(), all[0].Emails[n], nil
}

// Linked is what whoever holds a link answers.
type Linked struct {
	Name  string
	Body  string
	Files []ticket.File // Blob, Name, Mime and Size
}

// MayAnswerByLink fails as AnswerByLink would, and stores nothing: files are taken
// in only for an answer that will be.
func (s *Service) MayAnswerByLink(ctx context.Context, id, token string, a Linked) error {
	_, err := s.linked(ctx, id, token, a)
	return err
}

// AnswerByLink takes the answer of whoever holds the link, once: an ended request
// is ErrEnded, with any token that is right.
func (s *Service) AnswerByLink(ctx context.Context, id, token string, a Linked) error {
	g, err := s.linked(ctx, id, token, a)
	if err != nil {
		return err
	}
	return s.take(ctx, id, g)
}

func (s *Service) linked(ctx context.Context, id, token string, a Linked) (given, error) {
	r, address, err := s.opened(ctx, id, token)
	if err != nil {
		return given{}, err
	}
	if r.State != Open {
		return given{}, ErrEnded
	}
	name, nameErr := checkText("name", a.Name, maxSigned)
	body, bodyErr := checkText("answer", a.Body, MaxText)
	if err := together(nameErr, bodyErr); err != nil {
		return given{}, err
	}
	return given{way: "link", name: name, address: address, body: body, files: a.Files}, nil
}

// take stores an answer that ends its request: it is our turn again.
func (s *Service) take(ctx context.Context, id string, g given) error {
	return s.inTicket(ctx, id, func(ticketID int64) error {
		told := &Told{Act: "answered", Request: id, Way: g.way, Name: g.name, by: g.accountID}
		_, err := s.change(ctx, nil, ticketID, told, func(tx *gorm.DB, t *ticket.Ticket, at time.Time) error {
			return s.taken(ctx, tx, t, id, g, told, at)
		})
		return err
	})
}

func (s *Service) taken(ctx context.Context, tx *gorm.DB, t *ticket.Ticket, id string, g given, told *Told, at time.Time) error {
	r, err := lockOpen(ctx, tx, t.ID, id)
	if errors.Is(err, ErrNotFound) {
		return errMoved
	}
	if err != nil {
		return err
	}
	told.Area, told.Team = r.Area, r.TeamID
	if err := store(ctx, tx, t.ID, id, g, at); err != nil {
		return err
	}
	if err := finish(ctx, tx, id, Answered, "", at); err != nil {
		return err
	}
	return s.ourTurn(ctx, tx, t, at)
}

// store writes an answer and its files down. A mail that was taken before is not
// taken again.
func store(ctx context.Context, tx *gorm.DB, ticketID int64, id string, g given, at time.Time) error {
	var answer int64
	err := tx.WithContext(ctx).Raw(`INSERT INTO area_answers (request_id, way, account_id, name, address, body, mail_id, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
		id, g.way, g.accountID, g.name, g.address, g.body, g.mailID, at).Scan(&answer).Error
	if err != nil {
		return fmt.Errorf("store the answer to request %s: %w", refOf(id), err)
	}
	if answer == 0 {
		return nil
	}
	return ticket.AttachAnswer(ctx, tx, ticketID, answer, g.files, at)
}

// ourTurn marks that an area has answered. A ticket that was put aside for
// somebody else comes back when none of its requests is open any more.
func (s *Service) ourTurn(ctx context.Context, tx *gorm.DB, t *ticket.Ticket, at time.Time) error {
	if !t.Status.IsOpen() {
		return nil
	}
	t.AreaAnsweredAt = &at
	if err := Refresh(ctx, tx, t); err != nil {
		return fmt.Errorf("see what ticket %d still asks: %w", t.ID, err)
	}
	if t.Status == ticket.WaitingThird && t.AskedArea == "" && !t.Walled {
		return t.Move(ticket.Open, at)
	}
	return nil
}

// Mail is a mail that answers one of ours to an area.
type Mail struct {
	Request string
	Sender  string // its address, in small letters
	Name    string // as it calls itself
	ID      string // Message-ID
	Text    string // without what it quotes
	Files   []ticket.File
}

// AnswerByMail takes a mail for the request it answers, within tx: the first ends
// it, a later one is added to it. It is the mailroom's part to know that the
// sender is one of those who were asked.
func (s *Service) AnswerByMail(ctx context.Context, tx *gorm.DB, m Mail) error {
	var r struct {
		TicketID int64
		State    State
	}
	if err := tx.WithContext(ctx).Raw(`SELECT ticket_id, state FROM area_requests WHERE id = ?`, m.Request).Scan(&r).Error; err != nil {
		return fmt.Errorf("find request %s: %w", refOf(m.Request), err)
	}
	if r.TicketID == 0 {
		return ErrNotFound
	}
	body := []rune(m.Text)
	g := given{way: "mail", name: clip(m.Name, maxSigned), address: m.Sender, mailID: m.ID, files: m.Files, body: string(body[:min(len(body), MaxText)])}
	told := &Told{Act: "answered", Request: m.Request, Way: "mail", Name: g.name}
	return s.within(ctx, tx, r.TicketID, told, func(t *ticket.Ticket, at time.Time) error {
		err := s.taken(ctx, tx, t, m.Request, g, told, at)
		if !errors.Is(err, ErrEnded) {
			return err
		}
		told.Act = "added"
		if err := store(ctx, tx, t.ID, m.Request, g, at); err != nil {
			return err
		}
		return s.ourTurn(ctx, tx, t, at)
	})
}

func clip(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most])
	}
	return s
}
