package proof

import (
	"io"
	"strings"
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/letter"
	"github.com/escuta-sac/escuta/internal/sla"
)

// Print writes the sheet of a digest as a PDF in a language. The same sheet gives
// the same bytes.
func (s Sheet) Print(w io.Writer, lang, digest string) error {
	say, zone := words{lang}, zoneOf(s.Zone)
	number := protocol(s.Protocol)
	paper := letter.Sheet{
		Brand: s.Brand, Title: say.text("title", nil), Subtitle: say.text("subtitle", args{"protocol": number}), Date: s.MadeAt,
		Foot: say.text("foot", args{"protocol": number, "digest": digest[:min(16, len(digest))]}),
		Page: func(n, of int) string { return say.text("page", args{"page": n, "pages": of}) },
	}
	add := func(parts ...letter.Part) { paper.Parts = append(paper.Parts, parts...) }
	who := s.Demandant
	if who == "" {
		who = say.text("nobody", nil)
	}
	add(letter.Facts{
		{Name: say.text("protocol", nil), Value: number, Strong: true},
		{Name: say.text("registered", nil), Value: say.second(s.OpenedAt, zone) + " (" + s.Zone + ")"},
		{Name: say.text("channel", nil), Value: say.known("proof.channel.", s.Channel)},
		{Name: say.text("demand", nil), Value: say.known("portal.kind.", s.Kind)},
		{Name: say.text("demandant", nil), Value: who},
		{Name: say.text("subject", nil), Value: s.Subject},
	})
	if s.Only {
		add(letter.Remark{Text: say.text("only", nil)})
	}
	for _, c := range s.Clocks {
		add(s.clock(say, c)...)
	}
	add(s.answers(say, zone)...)
	add(
		letter.Heading{Text: say.text("about", nil)},
		letter.Facts{
			{Name: say.text("made", nil), Value: say.text("made_by", args{"at": say.second(s.MadeAt, zone), "zone": s.Zone, "by": s.MadeBy})},
			{Name: say.text("release", nil), Value: s.Release},
			{Name: say.text("digest", nil), Value: grouped(digest)},
			{Name: say.text("check", nil), Value: s.CheckAt + digest},
		},
		letter.Remark{Text: say.text("about_text", nil)},
	)
	return letter.WriteSheet(w, paper)
}

func protocol(text string) string {
	if p, err := brazil.ParseProtocol(text); err == nil {
		return p.String()
	}
	return text
}

// clock tells one deadline.
func (s Sheet) clock(say words, c Clock) []letter.Part {
	zone := zoneOf(c.Zone)
	bad := c.BreachedAt != nil || c.State == string(sla.Missed)
	state := say.text("state."+c.State, nil)
	if c.State == string(sla.Running) && bad {
		state = say.text("state.over", nil)
	}
	title := say.known("sla.kind.", c.Kind)
	if c.Policy != title {
		title += ": " + c.Policy
	}
	parts := []letter.Part{letter.Heading{Text: title, Mark: state, Bad: bad}}
	if c.Evidence == string(sla.Unconfirmed) {
		parts = append(parts, letter.Remark{Text: say.text("unconfirmed", nil), Warn: true})
	}
	if !c.AddsUp {
		parts = append(parts, letter.Remark{Text: say.text("adds_not", nil), Warn: true})
	}
	parts = append(parts, letter.Facts{
		{Name: say.text("regime", nil), Value: join(" · ", c.Regime, c.Norm)},
		{Name: say.text("legal_ref", nil), Value: c.LegalRef},
		{Name: say.text("evidence", nil), Value: s.evidence(say, c)},
		{Name: say.text("why", nil), Value: s.chosen(say, c)},
		{Name: say.text("term", nil), Value: term(say, c)},
		{Name: say.text("calendar", nil), Value: calendar(say, c)},
		{Name: say.text("started", nil), Value: say.second(c.StartedAt, zone)},
		{Name: say.text("target", nil), Value: say.time(c.Target, zone), Strong: true},
		{Name: say.text("limit", nil), Value: limit(say, c, zone), Strong: true},
		{Name: say.text("due", nil), Value: due(say, c, zone)},
		{Name: say.text("breached", nil), Value: say.maybe(c.BreachedAt, zone), Strong: true},
		{Name: say.text("stopped", nil), Value: say.maybe(c.StoppedAt, zone)},
		{Name: say.text("answered", nil), Value: s.answered(say, c, zone)},
	})
	if x := c.Extension; x != nil {
		told := say.text("extension.untold", nil)
		if x.ToldAt != nil {
			told = say.second(*x.ToldAt, zone)
		}
		parts = append(parts, letter.Facts{
			{Name: say.text("extension", nil), Value: say.text("extension.by", args{"amount": say.amount(x.Amount, c.Unit), "at": say.second(x.At, zone), "by": x.By})},
			{Name: say.text("extension.why", nil), Value: x.Reason},
			{Name: say.text("extension.moved", nil), Value: say.time(x.OldDue, zone) + " → " + say.time(x.NewDue, zone)},
			{Name: say.text("extension.told", nil), Value: told},
		})
	}
	parts = append(parts, count(say, c, zone))
	if len(c.Pauses) > 0 {
		parts = append(parts, pauses(say, c, zone))
	}
	return parts
}

func join(by string, texts ...string) string {
	var some []string
	for _, t := range texts {
		if t != "" {
			some = append(some, t)
		}
	}
	return strings.Join(some, by)
}

func (s Sheet) evidence(say words, c Clock) string {
	if c.Evidence == "" {
		return ""
	}
	checked := say.text("unchecked", nil)
	if c.CheckedBy != "" {
		checked = say.text("checked", args{"by": c.CheckedBy, "on": say.date(c.CheckedOn)})
	}
	if c.Evidence == string(sla.EvidenceOwn) && c.CheckedBy == "" {
		checked = ""
	}
	return join("; ", say.text("evidence."+c.Evidence, nil), checked)
}

func (s Sheet) chosen(say words, c Clock) string {
	if b := c.ByHand; b != nil {
		told := say.text("by_hand", args{"by": b.By, "reason": b.Reason})
		if b.GivenDue != nil {
			told += " " + say.text("by_hand.given", args{"due": say.day(*b.GivenDue, zoneOf(c.Zone))})
		}
		if b.How != "" {
			told += " " + say.text("by_hand.how", args{"how": b.How})
		}
		return told
	}
	return say.why(c.Why)
}

func term(say words, c Clock) string {
	told := say.amount(c.Amount, c.Unit)
	if x := c.Extension; x != nil {
		told += " + " + say.amount(x.Amount, c.Unit)
	}
	rest := []string{told}
	if days(c.Unit) {
		rest = append(rest, say.text("term.start_day", nil))
	}
	if c.Roll {
		rest = append(rest, say.text("term.rolls", nil))
	}
	if c.MayPause {
		rest = append(rest, say.text("term.pauses", nil))
	} else {
		rest = append(rest, say.text("term.never", nil))
	}
	return strings.Join(rest, "; ")
}

func calendar(say words, c Clock) string {
	told := say.text("calendar.built_in", args{"id": c.Calendar})
	if c.CalendarVersion > 0 {
		told = say.text("calendar.version", args{"id": c.Calendar, "version": c.CalendarVersion})
	}
	if c.PolicyID != nil {
		told += "; " + say.text("calendar.policy", args{"id": *c.PolicyID})
	}
	return told + " · " + c.Zone
}

func limit(say words, c Clock, zone *time.Location) string {
	if c.LegalLimit == nil {
		return say.text("standing", nil)
	}
	return say.time(*c.LegalLimit, zone)
}

// due tells by which of the two instants the deadline is held.
func due(say words, c Clock, zone *time.Location) string {
	switch {
	case c.LegalLimit == nil:
		return ""
	case c.LegalLimit.Equal(c.Target):
		return say.text("due.both", nil)
	case c.Due.Equal(c.Target):
		return say.text("due.target", args{"due": say.time(c.Due, zone)})
	}
	return say.text("due.limit", args{"due": say.time(c.Due, zone)})
}

// answered is the last answer within the time of a clock that has ended.
func (s Sheet) answered(say words, c Clock, zone *time.Location) string {
	if c.StoppedAt == nil {
		return ""
	}
	for i := len(s.Answers) - 1; i >= 0; i-- {
		if a := s.Answers[i]; !a.Notice && !a.At.After(*c.StoppedAt) && !a.At.Before(c.StartedAt) {
			return say.text("answered.by", args{"at": say.second(a.At, zone), "way": say.text("way."+a.Way, nil), "by": a.By})
		}
	}
	return say.text("answered.not", nil)
}

// count is the table of what was counted and what was not.
func count(say words, c Clock, zone *time.Location) letter.Table {
	t := letter.Table{Heads: []string{say.text("from", nil), say.text("to", nil), say.text("counted", nil), say.text("why_not", nil)}, Widths: []float64{42, 42, 34, 52}}
	for _, s := range c.Steps {
		row := letter.Row{Pale: !s.Counted}
		begin, end := say.time(s.From, zone), say.text("open_end", nil)
		if s.To != nil {
			end = say.time(*s.To, zone)
		}
		if days(c.Unit) {
			begin = say.weekday(s.From, zone)
			if s.To != nil {
				end = say.weekday(s.To.Add(-time.Microsecond), zone)
			}
		}
		counted, why := say.text("not_counted", nil), ""
		switch {
		case !s.Counted:
			why = say.reason(s)
		case days(c.Unit):
			counted = say.text("days", args{"n": s.Amount})
		default:
			counted = say.length(s.Amount)
		}
		row.Cells = []string{begin, end, counted, why}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func pauses(say words, c Clock, zone *time.Location) letter.Table {
	t := letter.Table{Heads: []string{say.text("pause.from", nil), say.text("pause.to", nil), say.text("pause.reason", nil), say.text("pause.by", nil)}, Widths: []float64{42, 42, 52, 34}}
	for _, p := range c.Pauses {
		by, to := p.By, say.text("open_end", nil)
		if by == "" {
			by = say.text("pause.rule", nil)
		}
		if p.To != nil {
			to = say.second(*p.To, zone)
			if p.To.Equal(p.From) {
				to = say.text("pause.taken_back", nil)
			}
		}
		t.Rows = append(t.Rows, letter.Row{Cells: []string{say.second(p.From, zone), to, say.known("sla.pause.", p.Reason), by}})
	}
	return t
}

// answers tells what we said, by which way, and what is known of its arrival.
func (s Sheet) answers(say words, zone *time.Location) []letter.Part {
	parts := []letter.Part{letter.Heading{Text: say.text("answers", nil)}}
	if len(s.Answers) == 0 {
		return append(parts, letter.Remark{Text: say.text("answers.none", nil)})
	}
	t := letter.Table{Heads: []string{say.text("answers.at", nil), say.text("answers.by", nil), say.text("answers.way", nil), say.text("answers.proof", nil)}, Widths: []float64{36, 30, 26, 78}}
	for _, a := range s.Answers {
		way := say.text("way."+a.Way, nil)
		if a.Notice {
			way += " (" + say.text("answers.notice", nil) + ")"
		}
		t.Rows = append(t.Rows, letter.Row{Cells: []string{say.second(a.At, zone), a.By, way, strings.Join(evidenceOf(say, a, zone), "; ")}})
	}
	return append(parts, t)
}

func evidenceOf(say words, a Answer, zone *time.Location) (told []string) {
	if a.Way == "phone" {
		return []string{say.text("delivery.spoken", args{"by": a.By})}
	}
	for _, d := range a.Deliveries {
		values := args{"to": d.Recipient, "at": say.maybe(d.At, zone), "answer": d.Answer, "reason": say.known("proof.out.reason.", d.Reason)}
		key := "delivery." + d.State
		switch {
		case d.PostedOn != "":
			key, values["on"] = "delivery.posted", say.date(d.PostedOn)
		case d.Way == "letter" && d.State == "queued":
			key = "delivery.unposted"
		case d.State == "sent" && d.Answer != "":
			key = "delivery.accepted"
		}
		told = append(told, say.text(key, values))
		if d.MailID != "" {
			told = append(told, "Message-ID "+d.MailID)
		}
	}
	if a.ShownAt != nil {
		told = append(told, say.text("delivery.page", args{"at": say.second(*a.ShownAt, zone)}))
	}
	return told
}
