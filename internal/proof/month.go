package proof

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/letter"
	"github.com/escuta-sac/escuta/internal/sla"
)

// ErrSide is the certificate of the other side of the ombudsman's wall, asked for
// by somebody who does not see through it.
var ErrSide = fault.New(fault.Forbidden, "proof_side")

// When certificates are written: looked for every hour, and an hour after the
// month's end, when whatever was begun in it is committed.
const (
	looking = time.Hour
	settled = time.Hour
)

// Month is what a certificate says: the extensions of one regime in one month on
// one side of the ombudsman's wall.
type Month struct {
	Brand      letter.Brand `json:"brand"`
	Regime     string       `json:"regime"`
	Norm       string       `json:"norm"`
	Evidence   string       `json:"evidence"`
	CheckedBy  string       `json:"checked_by"`
	CheckedOn  string       `json:"checked_on"`
	Month      string       `json:"month"` // such as 2026-11
	Walled     bool         `json:"walled"`
	Demands    int          `json:"demands"`
	Cancelled  int          `json:"cancelled"`
	Extensions int          `json:"extensions"`
	Cap        *int         `json:"cap"`
	List       []Granted    `json:"list"`
	Zone       string       `json:"zone"`
	At         time.Time    `json:"at"`
	Stands     bool         `json:"stands"` // the month is over, and this was written once
}

// Granted is one extension of a certificate.
type Granted struct {
	TicketID int64     `json:"ticket_id"`
	Protocol string    `json:"protocol"`
	Amount   int       `json:"amount"`
	Reason   string    `json:"reason"`
	By       string    `json:"by"`
	OldDue   time.Time `json:"old_due"`
	NewDue   time.Time `json:"new_due"`
	At       time.Time `json:"at"`
	Erased   bool      `json:"erased,omitempty"` // its reason and who gave it went with the ticket
}

// side is what is seen of one side of the wall by whoever sees all of it.
func side(walled bool) access.Scope { return access.Scope{AllTeams: !walled, Walled: walled} }

// Run writes the certificates of months that are over, until ctx ends. Any number
// of nodes may: each certificate is written once.
func (s *Service) Run(ctx context.Context) error {
	return jobs.Sweep(ctx, looking, func(ctx context.Context) bool {
		if err := s.WriteMonths(ctx); err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "certificates of extensions are written later", slog.Any("error", err))
		}
		return false
	})
}

// WriteMonths writes what certificates are missing: of the month before this one
// for each regime in force that knows extensions, and of every earlier month that
// had any. A month without a demand has none.
func (s *Service) WriteMonths(ctx context.Context) error {
	db := s.DB.Gorm.WithContext(ctx)
	now := s.Now().In(s.Zone)
	this := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, s.Zone)
	if now.Sub(this) < settled {
		this = this.AddDate(0, -1, 0)
	}
	var missing []struct {
		RegimeID int64
		Month    time.Time
		Walled   bool
	}
	err := db.Raw(`SELECT m.regime_id, m.month, w.walled FROM (
			SELECT id AS regime_id, CAST(@last AS date) AS month FROM regimes WHERE active AND extension > 0
			UNION SELECT regime_id, month FROM clock_extensions WHERE month < CAST(@this AS date)) m
		CROSS JOIN (VALUES (false), (true)) w(walled)
		WHERE NOT EXISTS (SELECT FROM extension_certificates c WHERE c.regime_id = m.regime_id AND c.month = m.month AND c.walled = w.walled)
		ORDER BY m.month, m.regime_id, w.walled`,
		map[string]any{"last": this.AddDate(0, -1, 0).Format(time.DateOnly), "this": this.Format(time.DateOnly)}).Scan(&missing).Error
	if err != nil {
		return fmt.Errorf("look for certificates to write: %w", err)
	}
	for _, m := range missing {
		if err := s.writeMonth(ctx, m.RegimeID, m.Month.Format("2006-01"), m.Walled); err != nil {
			return err
		}
	}
	return nil
}

// writeMonth writes one certificate. Its figures and its list are of one instant.
func (s *Service) writeMonth(ctx context.Context, regime int64, month string, walled bool) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		tx = tx.WithContext(ctx)
		if err := tx.Exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").Error; err != nil {
			return fmt.Errorf("begin a certificate: %w", err)
		}
		m, err := s.count(ctx, tx, regime, month, walled, side(walled), side(walled))
		if err != nil || m.Demands == 0 && m.Extensions == 0 {
			return err
		}
		m.Stands = true
		body, digest, err := seal(m)
		if err == nil {
			err = tx.Exec(`INSERT INTO extension_certificates (regime_id, month, walled, digest, body, at) VALUES (?, CAST(? AS date), ?, ?, ?::json, ?)
				ON CONFLICT DO NOTHING`, regime, month+"-01", walled, digest, body, m.At).Error
		}
		if err != nil {
			return fmt.Errorf("write the certificate of regime %d for %s: %w", regime, month, err)
		}
		return nil
	})
}

// count reads a month as it is now: figures of what one scope sees, a list of
// what another does.
func (s *Service) count(ctx context.Context, db *gorm.DB, regime int64, month string, walled bool, counted, listed access.Scope) (Month, error) {
	c, err := sla.CertificateOfSide(ctx, db, s.Calendars, walled, counted, listed, regime, month, s.Now())
	if err != nil {
		return Month{}, err
	}
	m := Month{Regime: c.Regime, Norm: c.Norm, Evidence: c.Evidence, CheckedBy: c.CheckedBy, Month: month, Walled: walled, Demands: c.Quota.Demands,
		Cancelled: c.Cancelled, Extensions: c.Quota.Extensions, Cap: c.Quota.Cap, List: []Granted{}, Zone: s.Zone.String(), At: s.Now().UTC().Truncate(time.Microsecond)}
	if c.CheckedOn != nil {
		m.CheckedOn = c.CheckedOn.Format(time.DateOnly)
	}
	for _, x := range c.Extensions {
		m.List = append(m.List, Granted{TicketID: x.TicketID, Protocol: x.Protocol, Amount: x.Amount, Reason: x.Reason, By: x.Author,
			OldDue: x.OldDue.UTC(), NewDue: x.NewDue.UTC(), At: x.At.UTC()})
	}
	err = db.Raw("SELECT name, legal_name, cnpj, color FROM brands ORDER BY id LIMIT 1").Scan(&m.Brand).Error
	if err != nil {
		return Month{}, fmt.Errorf("read the letterhead of a certificate: %w", err)
	}
	return m, nil
}

// MonthOf is the certificate of a month for a reader: the one that was written
// when the month was over, of whose list they see their own; before that, and for
// whoever is barred from a case of it, what they see counted now.
func (s *Service) MonthOf(ctx context.Context, who access.Actor, regime int64, month string, walled bool) (Month, string, error) {
	if walled && !who.May(access.WorkCases) {
		return Month{}, "", ErrSide
	}
	db := s.DB.Gorm.WithContext(ctx)
	listed := who.Scope()
	counted := listed
	counted.AllTeams = !walled
	live, err := s.count(ctx, db, regime, month, walled, counted, listed)
	if err != nil {
		return Month{}, "", err
	}
	var kept []struct {
		Body   string
		Digest string
	}
	if err := db.Raw("SELECT body::text AS body, digest FROM extension_certificates WHERE regime_id = ? AND month = CAST(? AS date) AND walled = ?", regime, month+"-01", walled).Scan(&kept).Error; err != nil {
		return Month{}, "", fmt.Errorf("read a certificate of regime %d: %w", regime, err)
	}
	if len(kept) == 0 {
		_, digest, err := seal(live)
		return live, digest, err
	}
	var m Month
	if err := json.Unmarshal([]byte(kept[0].Body), &m); err != nil {
		return Month{}, "", fmt.Errorf("read a certificate of regime %d: %w", regime, err)
	}
	hidden, err := s.hidden(db, listed, m)
	if err != nil {
		return Month{}, "", err
	}
	barred := false
	if walled {
		barred, err = s.barred(ctx, db, who, regime, month, live)
	}
	switch {
	case err != nil:
		return Month{}, "", err
	case barred:
		if live.Demands > 0 { // else there would be no certificate, if it were not for what is hidden
			live.At, live.Stands = m.At, true
		}
		_, digest, err := seal(live)
		return live, digest, err
	}
	shown := m.List[:0]
	for _, x := range m.List {
		if !hidden[x.TicketID] {
			shown = append(shown, x)
		}
	}
	m.List = shown
	return m, kept[0].Digest, nil
}

// hidden are the tickets of a certificate that a reader does not see. One that
// was erased since is seen by whoever sees all of that side.
func (s *Service) hidden(db *gorm.DB, scope access.Scope, m Month) (map[int64]bool, error) {
	ids := []int64{0}
	for _, x := range m.List {
		ids = append(ids, x.TicketID)
	}
	var there, seen []int64
	err := db.Raw("SELECT id FROM tickets WHERE id IN ?", ids).Scan(&there).Error
	if err == nil {
		err = db.Raw("SELECT t.id FROM tickets t WHERE t.id IN @ids AND "+access.Condition, scope.Named(map[string]any{"ids": ids})).Scan(&seen).Error
	}
	if err != nil {
		return nil, fmt.Errorf("look who sees a certificate: %w", err)
	}
	if !scope.AllTeams {
		there = ids
	}
	is := map[int64]bool{}
	for _, id := range there {
		is[id] = !slices.Contains(seen, id)
	}
	return is, nil
}

// barred reports whether a case of the month hides from a reader of the office:
// then no figure of it may be told to them.
func (s *Service) barred(ctx context.Context, db *gorm.DB, who access.Actor, regime int64, month string, live Month) (bool, error) {
	all, err := s.count(ctx, db, regime, month, true, side(true), side(true))
	return all.Demands != live.Demands || all.Extensions != live.Extensions, err
}

// Print writes the certificate of a digest as a PDF in a language. The same
// certificate gives the same bytes.
func (m Month) Print(w io.Writer, lang, digest string) error {
	say, zone := words{lang}, zoneOf(m.Zone)
	name := m.Month
	if at, err := time.Parse("2006-01", m.Month); err == nil {
		name = say.text("month.name", args{"month": i18n.Text(lang, "letter.month."+strconv.Itoa(int(at.Month())), nil), "year": at.Year()})
	}
	values := args{"regime": m.Regime, "month": name, "digest": digest[:min(16, len(digest))]}
	paper := letter.Sheet{
		Brand: m.Brand, Title: say.text("month.title", nil), Subtitle: say.text("month.subtitle", values), Date: m.At, Foot: say.text("month.foot", values),
		Page: func(n, of int) string { return say.text("page", args{"page": n, "pages": of}) },
	}
	add := func(parts ...letter.Part) { paper.Parts = append(paper.Parts, parts...) }
	if m.Evidence == string(sla.Unconfirmed) {
		add(letter.Remark{Text: say.text("unconfirmed", nil), Warn: true})
	}
	if !m.Stands {
		add(letter.Remark{Text: say.text("month.partial", nil), Warn: true})
	}
	q := sla.Quota{Demands: m.Demands, Extensions: m.Extensions, Cap: m.Cap}
	limit, kept := say.text("month.cap.none", nil), ""
	if m.Cap != nil {
		limit, kept = say.text("month.cap.of", args{"cap": *m.Cap, "most": q.Most()}), say.text("month.kept", nil)
		if m.Extensions > q.Most() {
			kept = say.text("month.broken", nil)
		}
	}
	which := "month.side.sac"
	if m.Walled {
		which = "month.side.ombudsman"
	}
	add(letter.Facts{
		{Name: say.text("regime", nil), Value: join(" · ", m.Regime, m.Norm)},
		{Name: say.text("evidence", nil), Value: Sheet{}.evidence(say, Clock{Evidence: m.Evidence, CheckedBy: m.CheckedBy, CheckedOn: m.CheckedOn})},
		{Name: say.text("month.period", nil), Value: name + " (" + m.Zone + ")"},
		{Name: say.text("month.side", nil), Value: say.text(which, nil)},
		{Name: say.text("month.demands", nil), Value: strconv.Itoa(m.Demands), Strong: true},
		{Name: say.text("month.cancelled", nil), Value: strconv.Itoa(m.Cancelled)},
		{Name: say.text("month.extensions", nil), Value: strconv.Itoa(m.Extensions), Strong: true},
		{Name: say.text("month.share", nil), Value: say.share(m.Extensions, m.Demands)},
		{Name: say.text("month.cap", nil), Value: join("; ", limit, kept)},
	}, letter.Remark{Text: say.text("month.reading", nil)}, letter.Heading{Text: say.text("month.list", nil)})
	if len(m.List) == 0 {
		add(letter.Remark{Text: say.text("month.none", nil)})
	} else {
		t := letter.Table{Heads: []string{say.text("protocol", nil), say.text("month.granted", nil), say.text("month.due", nil), say.text("month.why", nil)}, Widths: []float64{37, 29, 43, 61}}
		for _, x := range m.List {
			why := x.Reason + " · " + x.By
			if x.Erased {
				why = say.text("month.erased", nil)
			}
			t.Rows = append(t.Rows, letter.Row{Cells: []string{protocol(x.Protocol), say.time(x.At, zone),
				say.day(x.OldDue, zone) + " → " + say.day(x.NewDue, zone), why}})
		}
		add(t)
	}
	if n := m.Extensions - len(m.List); n > 0 && len(m.List) > 0 {
		add(letter.Remark{Text: say.text("month.hidden", args{"n": n})})
	}
	written := "month.asked_at"
	if m.Stands {
		written = "month.issued_at"
	}
	add(letter.Heading{Text: say.text("about", nil)}, letter.Facts{
		{Name: say.text("month.issued", nil), Value: say.text(written, args{"at": say.second(m.At, zone), "zone": m.Zone})},
		{Name: say.text("digest", nil), Value: grouped(digest)},
	})
	return letter.WriteSheet(w, paper)
}

// share tells a part of a whole in per cent with one decimal.
func (w words) share(part, whole int) string {
	if whole == 0 {
		return ""
	}
	text := strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 1, 64)
	if w.lang != "en" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text + " %"
}
