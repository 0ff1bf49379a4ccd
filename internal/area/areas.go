package area

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Area is a part of the company that can be asked.
type Area struct {
	ID         int64
	Name       string
	Emails     []string // in small letters
	TeamID     *int64   // whose people answer in the desk
	Calendar   string
	Term       sla.Term
	RemindAt   int // per cent of the term after which it is reminded; 0 does not
	ChaseEvery int // business days between reminders once it is over
	ChaseMost  int // how many of these at most
	Hides      bool
	Active     bool
}

type areaRow struct {
	ID         int64
	Name       string
	Emails     texts
	TeamID     *int64
	Calendar   string
	Amount     int
	Unit       sla.Unit
	RemindAt   int
	ChaseEvery int
	ChaseMost  int
	Hides      bool
	Active     bool
}

func (r areaRow) area() Area {
	return Area{r.ID, r.Name, r.Emails, r.TeamID, r.Calendar, sla.Term{Amount: r.Amount, Unit: r.Unit}, r.RemindAt, r.ChaseEvery, r.ChaseMost, r.Hides, r.Active}
}

// Areas lists the areas by name, those that are asked no more at the end.
func (s *Service) Areas(ctx context.Context) ([]Area, error) {
	var rows []areaRow
	if err := s.DB.Gorm.WithContext(ctx).Raw(`SELECT * FROM areas ORDER BY NOT active, lower(name), id`).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("list the areas: %w", err)
	}
	all := make([]Area, len(rows))
	for i, r := range rows {
		all[i] = r.area()
	}
	return all, nil
}

func areaByID(ctx context.Context, tx *gorm.DB, id int64) (Area, error) {
	var r areaRow
	if err := tx.WithContext(ctx).Raw(`SELECT * FROM areas WHERE id = ?`, id).Scan(&r).Error; err != nil {
		return Area{}, fmt.Errorf("read area %d: %w", id, err)
	}
	if r.ID == 0 {
		return Area{}, ErrNoArea
	}
	return r.area(), nil
}

// Keep stores an area, a new one when it has no ID. What was asked before keeps
// the rules and addresses it was asked with.
func (s *Service) Keep(ctx context.Context, a Area) (Area, error) {
	if err := s.check(ctx, &a); err != nil {
		return Area{}, err
	}
	args := []any{a.Name, texts(a.Emails), a.TeamID, a.Calendar, a.Term.Amount, a.Term.Unit, a.RemindAt, a.ChaseEvery, a.ChaseMost, a.Hides, a.Active}
	sql := `INSERT INTO areas (name, emails, team_id, calendar, amount, unit, remind_at, chase_every, chase_most, hides, active)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`
	if a.ID != 0 {
		sql = `UPDATE areas SET name = ?, emails = ?, team_id = ?, calendar = ?, amount = ?, unit = ?, remind_at = ?, chase_every = ?,
			chase_most = ?, hides = ?, active = ? WHERE id = ? RETURNING id`
		args = append(args, a.ID)
	}
	var id int64
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := tx.WithContext(ctx).Raw(sql, args...).Scan(&id).Error; err != nil {
			return err
		}
		return tx.WithContext(ctx).Exec("SELECT pg_notify(?, '')", areasChanged).Error
	})
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && pg.ConstraintName == "areas_name":
		return Area{}, ErrName.Field("body.name", "taken")
	case errors.As(err, &pg) && pg.ConstraintName == "areas_team_id_fkey":
		return Area{}, ticket.Wrong("team_id", "unknown_choice")
	case err != nil:
		return Area{}, fmt.Errorf("store an area: %w", err)
	case id == 0:
		return Area{}, ErrNoArea
	}
	a.ID = id
	return a, nil
}

// areasChanged is the channel on which it is notified that areas are others now.
const areasChanged = "areas_changed"

// Follow calls tell whenever areas have changed on any node, and each time that it
// has begun to listen, until ctx ends.
func (s *Service) Follow(ctx context.Context, tell func()) error {
	return s.DB.Listen(ctx, s.Log, areasChanged, "screens are not told of changed areas until PostgreSQL is there again",
		func(context.Context) error { tell(); return nil },
		func(context.Context, string) error { tell(); return nil })
}

func (s *Service) check(ctx context.Context, a *Area) (err error) {
	if a.Name, err = checkText("name", a.Name, 80); err != nil {
		return err
	}
	if len(a.Emails) > maxMails {
		return ticket.Wrong("emails", "too_many", maxMails)
	}
	emails := make([]string, 0, len(a.Emails))
	for _, typed := range a.Emails {
		address, ok := channel.ParseEmail(typed)
		if !ok {
			return ticket.Wrong("emails", "email")
		}
		if !slices.Contains(emails, address) {
			emails = append(emails, address)
		}
	}
	a.Emails = emails
	var ours bool // a mailbox of ours that asks itself would only fill up
	err = s.DB.Gorm.WithContext(ctx).Raw(`SELECT EXISTS (SELECT FROM mailboxes WHERE address = ANY (CAST(@e AS text[])) OR aliases && CAST(@e AS text[]))`,
		map[string]any{"e": texts(emails)}).Scan(&ours).Error
	_, unknown := s.Calendars.Get(a.Calendar)
	switch {
	case err != nil:
		return fmt.Errorf("look for mailboxes of ours: %w", err)
	case ours:
		return ticket.Wrong("emails", "area_own_mailbox")
	case len(emails) == 0 && a.TeamID == nil:
		return ticket.Wrong("emails", "area_unreachable")
	case unknown != nil:
		return ticket.Wrong("calendar", "unknown_choice")
	case a.RemindAt != 0 && a.RemindAt != 50 && a.RemindAt != 75 && a.RemindAt != 90:
		return ticket.Wrong("remind_at", "unknown_choice")
	case a.ChaseEvery < 1 || a.ChaseEvery > 30:
		return ticket.Wrong("chase_every", "unknown_choice")
	case a.ChaseMost < 0 || a.ChaseMost > 20:
		return ticket.Wrong("chase_most", "unknown_choice")
	}
	return s.checkTerm(a.Calendar, a.Term)
}

// checkTerm refuses a term that no deadline can be computed of.
func (s *Service) checkTerm(calendar string, term sla.Term) error {
	c, err := s.Calendars.Get(calendar)
	if err == nil {
		_, err = c.Due(s.Now(), term, nil)
	}
	if f := fault.From(err); err != nil && f.Kind == fault.Invalid {
		return ticket.Wrong("amount", "unknown_choice").Because(err)
	}
	return err
}

// texts is text[] for database/sql, which knows no arrays.
type texts []string

// Scan reads PostgreSQL's array literal.
func (a *texts) Scan(src any) error { return pgtype.NewMap().SQLScanner((*[]string)(a)).Scan(src) }

// Value writes PostgreSQL's array literal.
func (a texts) Value() (driver.Value, error) {
	if len(a) == 0 {
		return "{}", nil
	}
	text, err := pgtype.NewMap().Encode(pgtype.TextArrayOID, pgtype.TextFormatCode, []string(a), nil)
	return string(text), err
}
