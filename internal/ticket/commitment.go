package ticket

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
)

// Faults of promises.
var (
	ErrNoCommitment   = fault.New(fault.NotFound, "commitment_not_found")
	ErrCommitmentOver = fault.New(fault.Conflict, "commitment_over") // it was kept or withdrawn
)

// CommitmentState is where a promise stands. Whether an open or a kept one was
// broken meanwhile says its clock.
type CommitmentState string

// The states of a promise.
const (
	CommitmentOpen      CommitmentState = "open"
	CommitmentKept      CommitmentState = "kept"
	CommitmentWithdrawn CommitmentState = "withdrawn"
	CommitmentUndone    CommitmentState = "undone" // the message that made it was taken back
)

// Commitment is what somebody has promised a customer, by when.
type Commitment struct {
	ID, TicketID      int64
	MessageID, NoteID *int64 // that it was made in
	ClockID           *int64
	AuthorID, OwnerID int64
	Text              string
	Due               time.Time
	State             CommitmentState
	Reason            string // for which it was withdrawn, or noted as kept by hand
	KeptBy            *int64 // the message
	EndedBy           *int64
	EndedAt           *time.Time
	CreatedAt         time.Time
	BrokenAt          *time.Time       `gorm:"->"` // when it ran out unkept, last
	Moves             []CommitmentMove `gorm:"-"`
}

// TableName is for GORM.
func (Commitment) TableName() string { return "commitments" }

// CommitmentMove is one time that a promise was moved.
type CommitmentMove struct {
	CommitmentID   int64
	ClockID        *int64
	FromDue, ToDue time.Time
	Reason         string
	AccountID      int64
	At             time.Time
}

// TableName is for GORM.
func (CommitmentMove) TableName() string { return "commitment_moves" }

// Commitments are those of a ticket, oldest first, with how they were moved. What
// was promised in a message that was taken back is left out.
func Commitments(ctx context.Context, db *gorm.DB, ticketID int64) ([]Commitment, error) {
	return commitments(ctx, db, "c.ticket_id = ? AND c.state <> 'undone'", ticketID)
}

// OpenCommitments are those of a ticket that still are to be kept.
func OpenCommitments(ctx context.Context, db *gorm.DB, ticketID int64) ([]Commitment, error) {
	return commitments(ctx, db, "c.ticket_id = ? AND c.state = 'open'", ticketID)
}

// CommitmentOf reads one; of another ticket, or taken back, it is ErrNoCommitment.
func CommitmentOf(ctx context.Context, db *gorm.DB, ticketID, id int64) (Commitment, error) {
	found, err := commitments(ctx, db, "c.ticket_id = ? AND c.id = ? AND c.state <> 'undone'", ticketID, id)
	if err == nil && len(found) == 0 {
		err = ErrNoCommitment
	}
	if err != nil {
		return Commitment{}, err
	}
	return found[0], nil
}

func commitments(ctx context.Context, db *gorm.DB, where string, args ...any) (all []Commitment, err error) {
	db = db.WithContext(ctx)
	err = db.Raw(`SELECT c.*, greatest(k.breached_at, (SELECT max(p.breached_at) FROM commitment_moves m JOIN clocks p ON p.id = m.clock_id WHERE m.commitment_id = c.id)) AS broken_at
		FROM commitments c LEFT JOIN clocks k ON k.id = c.clock_id WHERE `+where+` ORDER BY c.id`, args...).Scan(&all).Error
	if err != nil || len(all) == 0 {
		if err != nil {
			err = fmt.Errorf("read promises: %w", err)
		}
		return all, err
	}
	ids, at := make([]int64, len(all)), map[int64]*Commitment{}
	for i := range all {
		ids[i], at[all[i].ID] = all[i].ID, &all[i]
	}
	var moves []CommitmentMove
	if err := db.Where("commitment_id IN ?", ids).Order("id").Find(&moves).Error; err != nil {
		return nil, fmt.Errorf("read how promises were moved: %w", err)
	}
	for _, m := range moves {
		at[m.CommitmentID].Moves = append(at[m.CommitmentID].Moves, m)
	}
	return all, nil
}

// ShowOwed has the ticket's row say until when we owe its customer something, a
// call or what was promised, as part of a change of the ticket.
func ShowOwed(ctx context.Context, tx *gorm.DB, t *Ticket) error {
	var owed struct{ Until *time.Time }
	err := tx.WithContext(ctx).Raw(`SELECT least((SELECT min(to_at) FROM call_backs WHERE ticket_id = @id AND state = 'open'),
		(SELECT min(due) FROM commitments WHERE ticket_id = @id AND state = 'open')) AS until`, map[string]any{"id": t.ID}).Scan(&owed).Error
	if err != nil {
		return fmt.Errorf("read what we owe for ticket %d: %w", t.ID, err)
	}
	t.PromisedAt = owed.Until
	return nil
}

// handCommitments gives what its last assignee has promised to who has the ticket now: whoever
// takes a ticket over keeps its promises. Those of third persons stay theirs; of a
// ticket that was nobody's all go along. One that goes to a team stays with who
// promised until somebody takes it.
func (t *Ticket) handCommitments(ctx context.Context, tx *gorm.DB, was Ticket) error {
	if t.PromisedAt == nil { // nothing is open
		return nil
	}
	err := tx.WithContext(ctx).Exec("UPDATE commitments SET owner_id = @to WHERE ticket_id = @ticket AND state = 'open' AND (CAST(@from AS bigint) IS NULL OR owner_id = @from)",
		map[string]any{"to": *t.AssigneeID, "from": was.AssigneeID, "ticket": t.ID}).Error
	if err != nil {
		return fmt.Errorf("hand over the promises of ticket %d: %w", t.ID, err)
	}
	return nil
}

// BrokenPromises is how one person, or one team, keeps promises.
type BrokenPromises struct {
	Team   int64
	Owner  int64
	Open   int // to be kept
	Late   int // of them, those that have run out
	Broken int // ran out since the instant that was asked for, kept later or not
	Kept   int // in time, since then
}

// CountPromises counts promises by team and owner on tickets of a scope: what is
// open, and what became of others since an instant.
func CountPromises(ctx context.Context, db *gorm.DB, scope access.Scope, since time.Time) ([]BrokenPromises, error) {
	var all []BrokenPromises
	err := db.WithContext(ctx).Raw(`
		WITH told AS (
			SELECT c.id, c.ticket_id, c.owner_id, c.state, k.breached_at, c.ended_at FROM commitments c LEFT JOIN clocks k ON k.id = c.clock_id
			 WHERE c.state = 'open' OR c.state <> 'undone' AND c.ended_at > @since
			UNION ALL
			SELECT c.id, c.ticket_id, c.owner_id, 'moved', k.breached_at, k.stopped_at FROM commitment_moves m JOIN clocks k ON k.id = m.clock_id
			  JOIN commitments c ON c.id = m.commitment_id WHERE c.state <> 'undone' AND k.breached_at > @since)
		SELECT t.team_id AS team, p.owner_id AS owner,
		       count(*) FILTER (WHERE p.state = 'open') AS open, count(*) FILTER (WHERE p.state = 'open' AND p.breached_at IS NOT NULL) AS late,
		       count(*) FILTER (WHERE p.breached_at > @since) AS broken,
		       count(*) FILTER (WHERE p.state = 'kept' AND p.breached_at IS NULL) AS kept
		  FROM told p JOIN tickets t ON t.id = p.ticket_id
		 WHERE `+access.Condition+` GROUP BY 1, 2 ORDER BY broken DESC, open DESC, 1, 2`, scope.Named(map[string]any{"since": since})).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("count promises: %w", err)
	}
	return all, nil
}
