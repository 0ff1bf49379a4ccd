package ticket

import (
	"math"
	"slices"
	"time"
)

// Facts is what views and rules ask of a ticket: its list row with no text but the
// subject, small enough to be kept of every open ticket. Ids are 0 for none; instants are
// microseconds since 1970, Never for none.
type Facts struct {
	Status        Status
	Kind          Kind
	Channel       string
	Priority      int
	LegalPriority int
	BrandID       int64
	TeamID        int64
	AssigneeID    int64
	HolderID      int64
	ReasonID      int64
	IncidentID    int64
	Turn          Turn
	Tags          []string
	Mentioned     []int64
	Subject       string // as bare has it
	Due           int64
	WaitingSince  int64
	OpenedAt      int64
	ReopenedAt    int64
	PromisedAt    int64
	Walled        bool
	Breached      bool
	Unread        bool
}

// Never is an instant that does not come.
const Never = math.MaxInt64

// Facts gives what views and rules ask of the row.
func (s Snapshot) Facts() Facts {
	return Facts{
		Status: s.Status, Kind: s.Kind, Channel: s.Channel, Priority: s.Priority, LegalPriority: s.LegalPriority,
		BrandID: s.BrandID, TeamID: s.TeamID, AssigneeID: orZero(s.AssigneeID), HolderID: orZero(s.HolderID), ReasonID: orZero(s.ReasonID),
		IncidentID: orZero(s.IncidentID), Turn: s.Turn,
		Tags: s.Tags, Mentioned: s.Mentioned, Subject: bare(s.Subject),
		Due: Micros(s.NextDue), WaitingSince: Micros(s.WaitingSince), OpenedAt: s.OpenedAt.UnixMicro(),
		ReopenedAt: Micros(s.ReopenedAt), PromisedAt: Micros(s.PromisedAt),
		Walled: s.Walled, Breached: s.Breached, Unread: s.Unread,
	}
}

// Micros is an instant as Facts have it.
func Micros(at *time.Time) int64 {
	if at == nil {
		return Never
	}
	return at.UnixMicro()
}

func orZero(id *int64) int64 {
	if id == nil {
		return 0
	}
	return *id
}

// FactRow is Facts as an event's list row and the table spell them.
type FactRow struct {
	Status        Status     `json:"status"`
	Kind          Kind       `json:"kind"`
	Channel       string     `json:"channel"`
	Priority      int        `json:"priority"`
	LegalPriority int        `json:"legal_priority"`
	BrandID       int64      `json:"brand_id"`
	TeamID        int64      `json:"team_id"`
	AssigneeID    *int64     `json:"assignee_id"`
	HolderID      *int64     `json:"holder_id"`
	ReasonID      *int64     `json:"reason_id"`
	IncidentID    *int64     `json:"incident_id"`
	Turn          Turn       `json:"turn"`
	Tags          []string   `json:"tags"`
	Mentioned     []int64    `json:"mentioned"`
	Subject       string     `json:"subject"`
	NextDue       *time.Time `json:"next_due"`
	WaitingSince  *time.Time `json:"waiting_since"`
	OpenedAt      time.Time  `json:"opened_at"`
	ReopenedAt    *time.Time `json:"reopened_at"`
	PromisedAt    *time.Time `json:"promised_at"`
	Walled        bool       `json:"walled"`
	Breached      bool       `json:"breached"`
	Unread        bool       `json:"unread"`
}

// FactColumns are the columns of tickets t that Into takes, in its order.
const FactColumns = `status, kind, channel, priority, legal_priority, brand_id, team_id, assignee_id, holder_id, reason_id,
	incident_id, ` + turnColumn + `,
	NULLIF(tags, '{}'), NULLIF(mentioned, '{}'), subject, NULLIF(next_due, 'infinity'), NULLIF(waiting_since, 'infinity'), opened_at,
	reopened_at, promised_at, walled, breached, unread`

// Into gives where pgx puts FactColumns.
func (r *FactRow) Into() []any {
	return []any{&r.Status, &r.Kind, &r.Channel, &r.Priority, &r.LegalPriority, &r.BrandID, &r.TeamID, &r.AssigneeID, &r.HolderID, &r.ReasonID,
		&r.IncidentID, &r.Turn,
		&r.Tags, &r.Mentioned, &r.Subject, &r.NextDue, &r.WaitingSince, &r.OpenedAt, &r.ReopenedAt, &r.PromisedAt, &r.Walled, &r.Breached, &r.Unread}
}

// Facts gives them in their small form.
func (r FactRow) Facts() Facts {
	f := Snapshot{
		Kind: r.Kind, Channel: r.Channel, Priority: r.Priority, LegalPriority: r.LegalPriority, Status: r.Status,
		BrandID: r.BrandID, TeamID: r.TeamID, AssigneeID: r.AssigneeID, HolderID: r.HolderID, ReasonID: r.ReasonID,
		IncidentID: r.IncidentID, Turn: r.Turn, Subject: r.Subject,
		NextDue: r.NextDue, WaitingSince: r.WaitingSince, OpenedAt: r.OpenedAt, ReopenedAt: r.ReopenedAt, PromisedAt: r.PromisedAt,
		Walled: r.Walled, Breached: r.Breached, Unread: r.Unread,
	}.Facts()
	f.Tags, f.Mentioned = slices.Clone(r.Tags), slices.Clone(r.Mentioned)
	return f
}
