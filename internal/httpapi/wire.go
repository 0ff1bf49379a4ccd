package httpapi

import (
	"time"

	"github.com/escuta-sac/escuta/internal/ticket"
)

// The wire forms that more than one domain's calls share. Times are RFC 3339 in
// UTC with microseconds; what is absent is null, never a zero.

// TicketRow is a ticket as a list shows it. Events carry the same fields, so a
// row can be replaced by what a frame brings.
type TicketRow struct {
	ID            int64         `json:"id"`
	Protocol      string        `json:"protocol" example:"20261122000000139"`
	Subject       string        `json:"subject"`
	Preview       string        `json:"preview" doc:"Beginning of the last message"`
	BrandID       int64         `json:"brand_id"`
	CustomerID    *int64        `json:"customer_id"`
	CustomerName  string        `json:"customer_name"`
	Channel       string        `json:"channel" enum:"phone,webform,email,ombudsman"`
	Kind          ticket.Kind   `json:"kind" enum:"informacao,duvida,reclamacao,contestacao,suspensao,cancelamento,solicitacao,elogio,sugestao,denuncia"`
	Status        ticket.Status `json:"status" enum:"new,open,waiting_customer,waiting_third,resolved,closed"`
	Priority      int           `json:"priority" minimum:"1" maximum:"4" doc:"1 is the most urgent"`
	LegalPriority int           `json:"legal_priority" minimum:"0" maximum:"3"`
	TeamID        int64         `json:"team_id"`
	AssigneeID    *int64        `json:"assignee_id" doc:"Whose it is, until released or transferred"`
	HolderID      *int64        `json:"holder_id" doc:"Who is answering now"`
	Tags          []string      `json:"tags"`
	ReasonID      *int64        `json:"reason_id"`
	IncidentID    *int64        `json:"incident_id" doc:"The cause that it shares with other tickets"`
	Version       int           `json:"version"`
	PublicVersion int           `json:"public_version" doc:"Version that last brought a message the customer sees"`
	NextDue       *time.Time    `json:"next_due"`
	NextClock     string        `json:"next_clock" doc:"Kind of the clock that falls next, empty when none runs"`
	NextFrom      *time.Time    `json:"next_from"`
	NextWarn      *time.Time    `json:"next_warn"`
	Clocks        int           `json:"clocks" doc:"Running or paused"`
	Paused        string        `json:"paused" doc:"Why the next clock stands still, empty when it runs"`
	Breached      bool          `json:"breached"`
	WaitingSince  *time.Time    `json:"waiting_since" doc:"Since when the customer waits for us"`
	ReopenedAt    *time.Time    `json:"reopened_at" doc:"When it was last taken up again after it was resolved"`
	PromisedAt    *time.Time    `json:"promised_at" doc:"Until when we owe its customer a call"`
	Unread        bool          `json:"unread" doc:"Its assignee has not looked since the customer's last message"`
	Mentioned     []int64       `json:"mentioned" doc:"Accounts that have not looked since a note named them"`
	OpenedAt      time.Time     `json:"opened_at"`
	UpdatedAt     time.Time     `json:"updated_at"`
	ResolvedAt    *time.Time    `json:"resolved_at"`
	Walled        bool          `json:"walled" doc:"Behind the ombudsman's wall"`

	Turn           ticket.Turn `json:"turn" enum:"us,area,customer,none" doc:"Who has to act; none once it is resolved"`
	TurnArea       string      `json:"turn_area" doc:"Name of the area that was asked, when it is an area's turn; empty when somebody outside is"`
	AreaAnsweredAt *time.Time  `json:"area_answered_at" doc:"Since when an area's answer waits for us, null when none does"`
}

// Items is a list that is always sent whole.
type Items[T any] struct {
	Items []T `json:"items"`
}

// TicketPage is one page of a queue.
type TicketPage struct {
	Items   []TicketRow `json:"items"`
	Next    *string     `json:"next" doc:"Cursor of the next page, null on the last"`
	Version string      `json:"version" doc:"Position the page belongs to: follow the live stream from here"`
}

// TicketDetail is everything the ticket pane shows around the timeline.
type TicketDetail struct {
	Ticket   TicketRow         `json:"ticket"`
	Customer *Customer         `json:"customer"`
	Clocks   []Clock           `json:"clocks"`
	Holder   *Holder           `json:"holder"`
	HandOver *HandOver         `json:"hand_over" doc:"How it came to who has it, until somebody answers; null when nobody handed it over"`
	Fields   map[string]string `json:"fields"`
	Answers  []Answered        `json:"answers" doc:"The same fields, in the order in which the form asked for them"`
	Duties   []Duty            `json:"duties" doc:"What it obliges to at once"`
	Requests int               `json:"requests" doc:"How often areas were asked about it"`
	// Of them, those without an answer.
	RequestsOpen int    `json:"requests_open" doc:"Who still owes an answer. Resolving the ticket withdraws these after two minutes, and the areas are told that they need not answer"`
	Version      string `json:"version"`
}

// Holder is who is answering a ticket now, and until when unless renewed.
type Holder struct {
	ID    int64      `json:"id"`
	Name  string     `json:"name"`
	Until *time.Time `json:"until"`
}

// Clock is one deadline of a ticket with the reason for its date.
type Clock struct {
	ID          int64      `json:"id"`
	Kind        string     `json:"kind" enum:"first_response,next_response,resolution,legal,acknowledgement,history,duty,commitment"`
	Policy      string     `json:"policy"`
	Calendar    string     `json:"calendar"`
	State       string     `json:"state" enum:"running,paused,met,missed,cancelled"`
	StartedAt   time.Time  `json:"started_at"`
	Due         time.Time  `json:"due"`
	Target      time.Time  `json:"target" doc:"Before rolling to a working day; equal to due for most"`
	WarnAt      time.Time  `json:"warn_at" doc:"When three quarters are used"`
	Stage       int        `json:"stage" enum:"0,50,75,90,100"`
	StoppedAt   *time.Time `json:"stopped_at"`
	BreachedAt  *time.Time `json:"breached_at"`
	LegalRef    string     `json:"legal_ref"`
	Pauses      []Pause    `json:"pauses"`
	Explanation []Interval `json:"explanation"`
	LegalLimit  *time.Time `json:"legal_limit" doc:"The end, rolled to a working day; null while the clock stands still"`
	MayPause    bool       `json:"may_pause" doc:"Whether its rule knows pauses"`
	MayExtend   bool       `json:"may_extend" doc:"Whether its regime knows an extension and there is none yet; the month's cap is asked apart"`
	Amount      int        `json:"amount" doc:"Of the term, extension included"`
	Unit        string     `json:"unit" enum:"calendar_days,business_days,business_hours,minutes"`
	Regime      string     `json:"regime"`
	Norm        string     `json:"norm"`
	Evidence    string     `json:"evidence" doc:"own, read, secondary, unconfirmed"`
	CheckedBy   string     `json:"checked_by" doc:"Who has checked the regime against its norm, and when; empty when nobody has"`
	CheckedOn   string     `json:"checked_on"`
	Extension   *Extension `json:"extension,omitempty" doc:"Absent when it was not extended"`
}

// Extension is more time that a deadline was given.
type Extension struct {
	TicketID  int64     `json:"ticket_id"`
	Protocol  string    `json:"protocol"`
	Amount    int       `json:"amount" doc:"In the unit of the term"`
	Reason    string    `json:"reason"`
	AccountID int64     `json:"account_id"`
	Author    string    `json:"author"`
	MessageID *int64    `json:"message_id" doc:"By which the customer was told"`
	OldDue    time.Time `json:"old_due"`
	NewDue    time.Time `json:"new_due"`
	At        time.Time `json:"at"`
}

// Pause is a stretch in which a clock stood still.
type Pause struct {
	ID        int64      `json:"id"`
	From      time.Time  `json:"from"`
	To        *time.Time `json:"to"`
	Reason    string     `json:"reason"`
	AccountID *int64     `json:"account_id"`
}

// Interval is one stretch of an explanation: counted, or skipped and why.
type Interval struct {
	From    time.Time  `json:"from"`
	To      *time.Time `json:"to" doc:"null while it has no end"`
	Counted bool       `json:"counted"`
	Reason  string     `json:"reason" doc:"start_day, weekend, holiday, closed, paused, rolled; empty when counted"`
	Name    string     `json:"name" doc:"Of the holiday, the special day or the pause"`
	Amount  int64      `json:"amount" doc:"When counted: whole days for terms in days, seconds for others"`
}

// Lease is the right to be the one who answers; its fence goes with the reply.
type Lease struct {
	Fence     int64     `json:"fence"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Entry is one line of a timeline: exactly one of message, note and event is set.
type Entry struct {
	ID      string    `json:"id" example:"m12"`
	Type    string    `json:"type" enum:"message,note,event"`
	At      time.Time `json:"at"`
	Version int       `json:"version"`
	Message *Message  `json:"message,omitempty"`
	Note    *Note     `json:"note,omitempty"`
	Event   *Happened `json:"event,omitempty"`
}

// Message is what the customer or we said.
type Message struct {
	ID         int64  `json:"id"`
	Direction  string `json:"direction" enum:"in,out"`
	AuthorID   *int64 `json:"author_id" doc:"Null when the customer speaks"`
	AuthorName string `json:"author_name"`
	Body       string `json:"body"`
	Way        string `json:"way" doc:"By which a person chose to answer: letter or sms; empty for the others"`
	Delivery   string `json:"delivery" enum:"none,queued,sent,delivered,failed,undone"`
	// Why it failed or what it waits for, and until when its author may take it back.
	DeliveryReason string     `json:"delivery_reason" doc:"Code of why it failed or what it waits for"`
	HeldUntil      *time.Time `json:"held_until" doc:"Until then its author may take it back; null when it was never held"`
	Folded         string     `json:"folded" doc:"What body leaves out: quoted text, signature, disclaimer"`
	HasHTML        bool       `json:"has_html" doc:"It can be seen as its sender laid it out, see .../html"`
	Spoken         bool       `json:"spoken" doc:"We said it on the phone; its author noted it"`
	Automatic      bool       `json:"automatic" doc:"No person wrote it; its customer does not see it"`
	Origin         *Origin    `json:"origin,omitempty" doc:"How it came, when it came by mail"`
	Version        int        `json:"version"`
	At             time.Time  `json:"at"`
	Files          []File     `json:"files"`
}

// Note is what only we see.
type Note struct {
	ID         int64     `json:"id"`
	AuthorID   int64     `json:"author_id"`
	AuthorName string    `json:"author_name"`
	Body       string    `json:"body"`
	Version    int       `json:"version"`
	At         time.Time `json:"at"`
}

// Happened is an event of the ticket that is neither message nor note.
type Happened struct {
	Kind    string         `json:"kind"`
	ActorID *int64         `json:"actor_id"`
	Data    map[string]any `json:"data"`
	// Deadlines are those that moved by it.
	Deadlines []DeadlineMove `json:"deadlines,omitempty"`
}

// DeadlineMove is a deadline that is another now.
type DeadlineMove struct {
	Clock  string     `json:"clock" doc:"Its kind"`
	Policy string     `json:"policy"`
	From   *time.Time `json:"from" doc:"Null when there was none"`
	To     *time.Time `json:"to" doc:"Null when there is none any more"`
	Why    string     `json:"why" doc:"rules, calendar, extension, pause, cancel"`
}

// File is an attachment: its name is what the sender called it, never a path.
type File struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	Mime string `json:"mime"`
	URL  string `json:"url"`
	// By which the HTML of its message shows it.
	ContentID string `json:"content_id" doc:"Empty when the message does not show it within its text"`
}

// none is the input of a call that takes none.
type none struct{}

// ByID is the address of something that is not a ticket.
type ByID struct {
	ID string `path:"id"`
}

func itemsOf[T, W any](all []T, wire func(T) W) Items[W] {
	items := make([]W, len(all))
	for i, one := range all {
		items[i] = wire(one)
	}
	return Items[W]{items}
}
