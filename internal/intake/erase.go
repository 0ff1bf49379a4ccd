package intake

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// ErrOfTicket is an entry that a ticket stands on: what it holds is the ticket's
// original and goes when the ticket does.
var ErrOfTicket = fault.New(fault.Conflict, "ledger_of_ticket")

// Erase lets a person erase what an entry holds of people (see Purge) or, with
// altogether, take the entry out of the ledger so that only its tombstone is left
// (see Remove). Who did it and why stays with an entry that stays, and is written
// to the server's log, which is all that tells of one that is gone. What the actor
// does not see is not found; what waits fails with ErrWaiting, a ticket's original
// with ErrOfTicket.
func (in *Intake) Erase(ctx context.Context, who access.Actor, id int64, remark string, altogether bool) error {
	remark, err := checkRemark(remark)
	if err != nil {
		return err
	}
	err = in.db.InTx(ctx, func(tx *gorm.DB) error {
		borrowed, err := postgres.PgxTx(tx)
		if err != nil {
			return err
		}
		var ticketID *int64
		err = borrowed.QueryRow(ctx, `SELECT g.ticket_id FROM intake_ledger g WHERE g.id = $2 AND `+visible+` FOR UPDATE OF g`,
			wall(who.Scope()), id).Scan(&ticketID)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrNotFound
		case err != nil:
			return fmt.Errorf("read entry %d of the ledger: %w", id, err)
		case ticketID != nil:
			return ErrOfTicket
		case altogether:
			return in.Remove(ctx, tx, id)
		}
		if err := in.Purge(ctx, tx, id); err != nil {
			return err
		}
		if _, err := borrowed.Exec(ctx, `UPDATE intake_ledger SET decided_by = $2, remark = $3 WHERE id = $1`, id, who.AccountID, remark); err != nil {
			return fmt.Errorf("note who purged entry %d of the ledger: %w", id, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	in.log.InfoContext(ctx, "an entry of the ledger was erased by hand", "entry", id, "altogether", altogether, "account", who.AccountID, "reason", remark)
	return nil
}
