package outbox

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/reach"
)

// customerTold orders what follows for the clocks of a ticket when a row was handed
// over at an instant, or when what was handed over then has come back. It is a job,
// which locks the ticket before anything of it: here its row is not locked yet.
func customerTold(ctx context.Context, tx *gorm.DB, o Out, at time.Time, cameBack bool) error {
	if o.TicketID == nil {
		return nil
	}
	switch o.Purpose {
	case reach.Acknowledgement, reach.Protocol, reach.History:
		return jobs.Insert(tx.WithContext(ctx), jobs.CustomerTold{OutID: o.ID, At: at.UTC(), CameBack: cameBack}, time.Time{})
	}
	return nil
}
