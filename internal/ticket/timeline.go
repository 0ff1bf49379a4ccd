package ticket

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/event"
)

// Entry is one thing that happened to a ticket: exactly one of Message, Note
// and Happening is set.
type Entry struct {
	Version   int
	At        time.Time
	Message   *Message
	Note      *Note
	Happening *Happening
}

// Happening is an event that people read: who claimed, changed, resolved it,
// which deadline fell, or moved. The events of messages and notes are among them
// only when deadlines moved by them, since the message itself is an entry.
type Happening struct {
	ID      int64
	Kind    string
	ActorID *int64
	Data    json.RawMessage
	// Deadlines are those that moved by it, each a sla.Move as it was told; null when none.
	Deadlines json.RawMessage
}

// happenings are the kinds of event a timeline shows.
var happenings = []string{
	event.TicketOpened, event.TicketClaimed, event.TicketReleased, event.TicketLeaseExpired,
	event.TicketChanged, event.TicketStatus, event.TicketReopened, event.CaseChanged, event.ClockWarned, event.ClockBreached, event.ClockEscalated, event.TicketEscalated, event.ClockMoved,
	event.TicketCall, event.TicketCallBack, event.TicketMerged, event.TicketDuty, event.TicketClock, event.TicketPlanned, event.TicketRouted, event.TicketUnrouted, event.TicketIncident,
	event.TicketTransferred, event.TicketSkipped, event.TicketHelp,
	event.TicketArea, event.TicketPromise, event.TicketHeld,
}

// Timeline reads what was said and what happened, in the order of the versions
// by which it came. Of each sort it reads the newest thousand.
func Timeline(ctx context.Context, db *gorm.DB, ticketID int64) ([]Entry, error) {
	messages, err := messagesOf(ctx, db, ticketID, 0, "")
	if err != nil {
		return nil, err
	}
	notes, err := notesOf(ctx, db, ticketID)
	if err != nil {
		return nil, err
	}
	entries, err := happened(ctx, db, ticketID)
	if err != nil {
		return nil, err
	}
	for i := range messages {
		entries = append(entries, Entry{Version: messages[i].Version, At: messages[i].At, Message: &messages[i]})
	}
	for i := range notes {
		entries = append(entries, Entry{Version: notes[i].Version, At: notes[i].At, Note: &notes[i]})
	}
	// Stable: the opening stands before the message that came with it.
	slices.SortStableFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Version, b.Version) })
	return entries, nil
}

func notesOf(ctx context.Context, db *gorm.DB, ticketID int64) ([]Note, error) {
	var notes []Note
	err := db.WithContext(ctx).Raw(`SELECT n.id, n.ticket_id, n.author_id, a.name AS author_name, n.body, n.version, n.at
		FROM notes n JOIN accounts a ON a.id = n.author_id
		WHERE n.ticket_id = ? ORDER BY n.id DESC LIMIT ?`, ticketID, longest).Scan(&notes).Error
	if err != nil {
		return nil, fmt.Errorf("read the notes of ticket %d: %w", ticketID, err)
	}
	return notes, nil
}

func happened(ctx context.Context, db *gorm.DB, ticketID int64) ([]Entry, error) {
	var rows []struct {
		ID      int64
		Version int
		Kind    string
		ActorID *int64
		Data    *string
		Moved   *string
		At      time.Time
	}
	err := db.WithContext(ctx).Raw(`SELECT id, version, kind, actor_id, payload->'data' AS data, payload->'deadlines' AS moved, at FROM events
		WHERE ticket_id = ? AND (kind IN ? OR payload->'deadlines' IS NOT NULL) ORDER BY version DESC LIMIT ?`, ticketID, happenings, longest).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the events of ticket %d: %w", ticketID, err)
	}
	entries := make([]Entry, 0, len(rows))
	for _, r := range slices.Backward(rows) {
		h := Happening{ID: r.ID, Kind: r.Kind, ActorID: r.ActorID, Data: json.RawMessage("null"), Deadlines: json.RawMessage("null")}
		if r.Data != nil {
			h.Data = json.RawMessage(*r.Data)
		}
		if r.Moved != nil {
			h.Deadlines = json.RawMessage(*r.Moved)
		}
		entries = append(entries, Entry{Version: r.Version, At: r.At, Happening: &h})
	}
	return entries, nil
}
