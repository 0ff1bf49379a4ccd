package event

import (
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
)

// New is an event to be recorded.
type New struct {
	TicketID int64
	Version  int // the ticket's, already raised
	Kind     string
	Audience access.Audience
	Before   *access.Audience // only when the change moved the ticket
	ActorID  *int64
	Payload  any       // anything that marshals to an object
	At       time.Time // zero means the transaction's now()
}

// Append records events in the transaction of the change they tell of. It is
// called after the ticket's row has been locked: the INSERT draws the ids, so
// within a ticket the order of ids is the order of versions, and the sequencer
// relies on it. Whoever commits tx pokes afterwards.
func Append(tx *gorm.DB, events ...New) error {
	if len(events) == 0 {
		return nil
	}
	rows := make([]row, len(events))
	for i, e := range events {
		payload, err := json.Marshal(e.Payload)
		if err != nil {
			return fmt.Errorf("encode the event %s of ticket %d: %w", e.Kind, e.TicketID, err)
		}
		rows[i] = row{
			TicketID: e.TicketID, Version: e.Version, Kind: e.Kind,
			TeamID: e.Audience.Team, Walled: e.Audience.Walled, Barred: e.Audience.Barred,
			ActorID: e.ActorID, Payload: string(payload), At: e.At,
		}
		if e.Before != nil {
			rows[i].WasTeamID, rows[i].WasWalled, rows[i].WasBarred = &e.Before.Team, &e.Before.Walled, &e.Before.Barred
		}
	}
	if err := tx.Create(&rows).Error; err != nil {
		return fmt.Errorf("record %d events, the first %s of ticket %d: %w", len(rows), rows[0].Kind, rows[0].TicketID, err)
	}
	return nil
}

// row is an event on its way into the table.
type row struct {
	ID        int64
	TicketID  int64
	Version   int
	Kind      string
	TeamID    int64
	Walled    bool
	Barred    access.Barred
	WasTeamID *int64
	WasWalled *bool
	WasBarred *access.Barred
	ActorID   *int64
	Payload   string
	At        time.Time `gorm:"default:now()"`
}

// TableName names the table for GORM.
func (row) TableName() string { return "events" }
