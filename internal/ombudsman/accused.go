package ombudsman

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/area"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Accused are whom a denúncia is about. They see nothing of it, whatever their
// role: the ticket's audience leaves them out (access.Barred).
type Accused struct {
	Accounts []Party
	Teams    []Party
}

// Party is an account or a team by its name.
type Party struct {
	ID   int64
	Name string
}

// Accuse sets whom the case accuses. Who would bar themselves is refused: the
// case would have lost whoever works on it, unseen.
func (s *Service) Accuse(ctx context.Context, actor access.Actor, id int64, accounts, teams []int64) error {
	barred := access.Bar(accounts, teams)
	if barred.Bars(actor) {
		return ErrOutvoted
	}
	if len(accounts)+len(teams) > 50 {
		return wrong("accounts", "too_many", 50)
	}
	told := map[string]any{"act": "accused"}
	c := ticket.Cause{Kind: "case.changed", Data: told, At: s.now()}
	_, err := s.desk.Change(ctx, &actor, id, c, func(tx *gorm.DB, t *ticket.Ticket) error {
		if !t.Walled {
			return ticket.ErrNotFound
		}
		if err := known(tx, accounts, teams); err != nil {
			return err
		}
		t.Barred = barred
		// What was theirs to work on no longer is.
		for _, held := range []**int64{&t.AssigneeID, &t.HolderID} {
			if *held != nil && barredAccount(tx, barred, **held) {
				*held = nil
			}
		}
		err := tx.Exec("DELETE FROM case_accused WHERE ticket_id = ?", id).Error
		for _, a := range accounts {
			if err == nil {
				err = tx.Exec("INSERT INTO case_accused (ticket_id, account_id) VALUES (?, ?) ON CONFLICT DO NOTHING", id, a).Error
			}
		}
		for _, team := range teams {
			if err == nil {
				err = tx.Exec("INSERT INTO case_accused (ticket_id, team_id) VALUES (?, ?) ON CONFLICT DO NOTHING", id, team).Error
			}
		}
		if err == nil { // nothing that was asked of them stays with them
			err = tx.Exec("UPDATE area_requests SET state = 'withdrawn', ended_at = ? WHERE ticket_id = ? AND state = 'open' AND team_id IN ?",
				c.At, id, append(teams, 0)).Error
		}
		if err != nil {
			return fmt.Errorf("note whom case %d accuses: %w", id, err)
		}
		if err := area.Refresh(ctx, tx, t); err != nil {
			return fmt.Errorf("see what case %d still asks: %w", id, err)
		}
		return trace(ctx, tx, id, "accused", &actor.AccountID, map[string]any{"accounts": accounts, "teams": teams}, c.At)
	})
	return err
}

// known refuses parties that do not exist.
func known(tx *gorm.DB, accounts, teams []int64) error {
	for _, q := range []struct {
		field, table string
		ids          []int64
	}{{"accounts", "accounts", accounts}, {"teams", "teams", teams}} {
		if len(q.ids) == 0 {
			continue
		}
		var n int
		if err := tx.Raw("SELECT count(*) FROM "+q.table+" WHERE id IN ?", q.ids).Scan(&n).Error; err != nil {
			return fmt.Errorf("look up whom a case accuses: %w", err)
		}
		if n < len(unique(q.ids)) {
			return wrong(q.field, "unknown_choice")
		}
	}
	return nil
}

func unique(ids []int64) map[int64]bool {
	set := map[int64]bool{}
	for _, id := range ids {
		set[id] = true
	}
	return set
}

// barredAccount asks it of an account with the teams it is in now.
func barredAccount(tx *gorm.DB, b access.Barred, id int64) bool {
	a := access.Actor{AccountID: id}
	if err := tx.Raw("SELECT team_id FROM account_teams WHERE account_id = ? ORDER BY team_id", id).Scan(&a.Teams).Error; err != nil {
		return true // the change fails with tx; until then the stricter answer
	}
	return b.Bars(a)
}

func accusedOf(db *gorm.DB, t ticket.Ticket) (Accused, error) {
	var a Accused
	err := db.Raw(`SELECT a.id, a.name FROM case_accused c JOIN accounts a ON a.id = c.account_id WHERE c.ticket_id = ? ORDER BY a.name`,
		t.ID).Scan(&a.Accounts).Error
	if err == nil {
		err = db.Raw(`SELECT t.id, t.name FROM case_accused c JOIN teams t ON t.id = c.team_id WHERE c.ticket_id = ? ORDER BY t.name`,
			t.ID).Scan(&a.Teams).Error
	}
	if err != nil {
		return a, fmt.Errorf("read whom case %d accuses: %w", t.ID, err)
	}
	return a, nil
}
