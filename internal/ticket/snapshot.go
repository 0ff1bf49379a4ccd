package ticket

import "time"

// Snapshot is the list row: what a queue shows of a ticket, on the wire, in
// every event and in every list. An event's snapshot replaces the row that was
// there, so that a screen fed by events shows what a fresh list would.
type Snapshot struct {
	ID            int64      `json:"id"`
	Protocol      string     `json:"protocol"`
	Subject       string     `json:"subject"`
	Preview       string     `json:"preview"`
	BrandID       int64      `json:"brand_id"`
	CustomerID    *int64     `json:"customer_id"`
	CustomerName  string     `json:"customer_name"`
	Channel       string     `json:"channel"`
	Kind          Kind       `json:"kind"`
	Status        Status     `json:"status"`
	Priority      int        `json:"priority"`
	LegalPriority int        `json:"legal_priority"`
	TeamID        int64      `json:"team_id"`
	AssigneeID    *int64     `json:"assignee_id"`
	HolderID      *int64     `json:"holder_id"`
	Tags          []string   `json:"tags"`
	ReasonID      *int64     `json:"reason_id"`
	IncidentID    *int64     `json:"incident_id"`
	Version       int        `json:"version"`
	PublicVersion int        `json:"public_version"`
	NextDue       *time.Time `json:"next_due"`
	NextClock     string     `json:"next_clock"`
	NextFrom      *time.Time `json:"next_from"`
	NextWarn      *time.Time `json:"next_warn"`
	Clocks        int        `json:"clocks"`
	Paused        string     `json:"paused"`
	Breached      bool       `json:"breached"`
	WaitingSince  *time.Time `json:"waiting_since"`
	ReopenedAt    *time.Time `json:"reopened_at"`
	PromisedAt    *time.Time `json:"promised_at"`
	Unread        bool       `json:"unread"`
	Mentioned     []int64    `json:"mentioned"`
	OpenedAt      time.Time  `json:"opened_at"`
	UpdatedAt     time.Time  `json:"updated_at"`
	ResolvedAt    *time.Time `json:"resolved_at"`
	Walled        bool       `json:"walled"`

	Turn           Turn       `json:"turn"`
	TurnArea       string     `json:"turn_area"`
	AreaAnsweredAt *time.Time `json:"area_answered_at"`
}

// Payload is what every event of a ticket carries: the row as it is after the
// change, and what only this kind of event has to tell.
type Payload struct {
	Row  Snapshot `json:"row"`
	Data any      `json:"data"`
	// Deadlines are those that the change has moved.
	Deadlines any `json:"deadlines,omitempty"`
}

// Snapshot gives the list row of the ticket.
func (t Ticket) Snapshot() Snapshot {
	tags := t.Tags
	if tags == nil {
		tags = []string{}
	}
	mentioned := t.Mentioned
	if mentioned == nil {
		mentioned = []int64{}
	}
	return Snapshot{
		ID: t.ID, Protocol: t.Protocol, Subject: t.Subject, Preview: t.Preview,
		BrandID: t.BrandID, CustomerID: t.CustomerID, CustomerName: t.CustomerName,
		Channel: t.Channel, Kind: t.Kind, Status: t.Status,
		Priority: t.Priority, LegalPriority: t.LegalPriority,
		TeamID: t.TeamID, AssigneeID: t.AssigneeID, HolderID: t.HolderID,
		Tags: tags, ReasonID: t.ReasonID, IncidentID: t.IncidentID,
		Version: t.Version, PublicVersion: t.PublicVersion,
		NextDue: micro(t.Deadline.Due), NextClock: t.Deadline.Clock,
		NextFrom: micro(t.Deadline.From), NextWarn: micro(t.Deadline.Warn),
		Clocks: t.Deadline.Clocks, Paused: t.Deadline.Paused, Breached: t.Deadline.Breached,
		WaitingSince: micro(t.WaitingSince), ReopenedAt: micro(t.ReopenedAt), PromisedAt: micro(t.PromisedAt),
		Unread: t.Unread, Mentioned: mentioned,
		OpenedAt: *micro(&t.OpenedAt), UpdatedAt: *micro(&t.UpdatedAt), ResolvedAt: micro(t.ResolvedAt),
		Walled: t.Walled,
		Turn:   t.Turn(), TurnArea: t.turnArea(), AreaAnsweredAt: micro(t.AreaAnsweredAt),
	}
}

// micro cuts what PostgreSQL would not keep, so that a row told by an event and
// the same row read back are equal to the last digit.
func micro(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	cut := at.UTC().Truncate(time.Microsecond)
	return &cut
}
