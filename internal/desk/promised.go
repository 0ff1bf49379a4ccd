package desk

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/commitment"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// promisesOpen is ErrPromisesOpen with what a ticket has promised and not kept, if
// there is any.
func promisesOpen(ctx context.Context, tx *gorm.DB, t ticket.Ticket) error {
	if t.PromisedAt == nil { // nothing is owed
		return nil
	}
	open, err := ticket.OpenCommitments(ctx, tx, t.ID)
	if err != nil || len(open) == 0 {
		return err
	}
	return ErrPromisesOpen.With("promises", open)
}

// Meant is what an author has said about a promise that was found while they wrote:
// that it is one, or that it is none.
type Meant struct {
	Text  string
	Due   time.Time
	Meant bool
}

// Promising is what the author of a text promises with it: what was found with
// certainty, but for what they denied, and of what was doubtful what they
// confirmed. The text may have grown since they said so: a promise is the one they
// spoke of when it stands in the same sentence or, when that was changed, is for
// the same instant, and what was denied is not made.
func Promising(found []commitment.Promise, said []Meant) Pledges {
	given := Pledges{}
	for _, p := range found {
		sentence := slices.ContainsFunc(said, func(m Meant) bool { return m.Text == p.Text })
		means := p.Certain
		for _, m := range said {
			if sentence && m.Text != p.Text || !sentence && !m.Due.Equal(p.Due) {
				continue
			}
			if means = m.Meant; !means {
				break
			}
		}
		if means {
			given = append(given, Pledge{p.Text, p.Due})
		}
	}
	return given
}
