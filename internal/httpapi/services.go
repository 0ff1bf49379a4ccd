package httpapi

import (
	"time"

	"github.com/escuta-sac/escuta/internal/account"
	"github.com/escuta-sac/escuta/internal/antivirus"
	"github.com/escuta-sac/escuta/internal/area"
	"github.com/escuta-sac/escuta/internal/assign"
	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/bulk"
	"github.com/escuta-sac/escuta/internal/calendar"
	"github.com/escuta-sac/escuta/internal/call"
	"github.com/escuta-sac/escuta/internal/copies"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/dial"
	"github.com/escuta-sac/escuta/internal/imports"
	"github.com/escuta-sac/escuta/internal/incident"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/mailbox"
	"github.com/escuta-sac/escuta/internal/ombudsman"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/presence"
	"github.com/escuta-sac/escuta/internal/proof"
	"github.com/escuta-sac/escuta/internal/realtime"
	"github.com/escuta-sac/escuta/internal/retention"
	"github.com/escuta-sac/escuta/internal/roster"
	"github.com/escuta-sac/escuta/internal/routing"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/toll"
	"github.com/escuta-sac/escuta/internal/view"
)

// Services are the parts that the handlers call.
type Services struct {
	DB        *postgres.DB
	Accounts  *account.Service
	Replays   *account.Idempotency
	Blobs     *blob.Store
	Intake    *intake.Intake
	Sources   *intake.Sources
	Tokens    *intake.Tokens
	Assign    *assign.Service
	Desk      *desk.Service
	Copies    *copies.Service
	Proofs    *proof.Service
	Mailboxes *mailbox.Service
	Calls     *call.Service
	Hub       *realtime.Hub
	Views     *view.Service
	Bulks     *bulk.Service
	Presence  *presence.Board
	Standings *presence.Standings
	Roster    *roster.Service
	Routing   *routing.Router
	Ombudsman *ombudsman.Service
	Incidents *incident.Service
	Areas     *area.Service
	Imports   *imports.Service
	Calendars sla.Calendars
	Rules     *sla.Rules
	// KeptCalendars is what people do with calendars; Calendars only finds them.
	KeptCalendars *calendar.Service
	Toll          *toll.Gate
	Scan          *antivirus.Scanner // nil without a virus scanner
	Dialer        *dial.Dialer       // for what strangers name
	Retention     *retention.Service
	Now           func() time.Time // PostgreSQL's, see postgres.Clock
}
