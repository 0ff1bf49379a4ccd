package retention

import (
	"context"
	"fmt"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// PartName names a part of a ticket as people are shown it.
type PartName string

// The parts.
const (
	RecordPart     PartName = "record"
	RecordingsPart PartName = "recordings"
	FilesPart      PartName = "files"
	OriginalsPart  PartName = "originals"
)

// Part of a ticket: how much there is of it, and until when it is kept.
type Part struct {
	Name  PartName
	Count int
	Until *brazil.Date // the last day; nil when there is none yet
	Rules []Kept       // that apply, the one that decides first; none: kept for good
	Asked bool         // somebody waits for a copy of a recording
	// WithRecord is a part that is kept as long as the record, because no rule is
	// about it alone.
	WithRecord bool
}

// Standing is what is kept of a ticket until when.
type Standing struct {
	Open    bool // what counts from its resolution does not count yet
	Purging bool // whether anything is purged at all
	Parts   []Part
	Holds   []Hold // that keep it now
}

// Of tells until when a ticket's parts are kept. What is hidden is not found.
func (s *Service) Of(ctx context.Context, actor access.Actor, ref string) (Standing, error) {
	t, err := ticket.See(ctx, s.DB.Gorm, actor, ref)
	if err != nil {
		return Standing{}, err
	}
	rules, err := s.Rules(ctx)
	if err != nil {
		return Standing{}, err
	}
	settings, err := s.Settings(ctx)
	if err != nil {
		return Standing{}, err
	}
	found, err := readGroups(ctx, s.DB.Pool, []int64{t.ID})
	if err != nil {
		return Standing{}, err
	}
	if len(found) == 0 {
		return Standing{}, ticket.ErrNotFound
	}
	g := found[0]
	is := Standing{Open: t.Status.IsOpen(), Purging: settings.Purging}
	if is.Parts, err = s.parts(ctx, g, rules); err != nil {
		return Standing{}, err
	}
	is.Holds, err = s.holds(ctx, actor, `h.lifted_at IS NULL AND (h.ticket_id IN @tickets OR h.customer_id IN (WITH RECURSIVE known (id) AS (
	    SELECT CAST(@customer AS bigint) UNION SELECT c.id FROM known k JOIN customers c ON c.merged_into = k.id) SELECT id FROM known))`,
		map[string]any{"tickets": g.ids(), "customer": t.CustomerID})
	return is, err
}

func (s *Service) parts(ctx context.Context, g group, rules []Rule) ([]Part, error) {
	var files, originals int
	err := s.DB.Pool.QueryRow(ctx, `SELECT (SELECT count(*) FROM attachments WHERE ticket_id = ANY($1)),
		(SELECT count(*) FROM intake_ledger WHERE ticket_id = ANY($1) AND purged_at IS NULL)`, g.ids()).Scan(&files, &originals)
	if err != nil {
		return nil, fmt.Errorf("count what ticket %d holds: %w", g[0].id, err)
	}
	main := g.main()
	until := g.until(rules, s.Zone)
	record := Part{Name: RecordPart, Count: len(g), Until: until, Rules: keeps(rules, Record, main.facts, s.Zone)}
	recordings := Part{Name: RecordingsPart}
	var latest time.Time
	open := false
	for _, p := range g {
		for _, r := range p.calls {
			recordings.Count++
			recordings.Asked = recordings.Asked || r.asked
			day := r.kept(rules, s.Zone)
			if day == nil {
				open = true
			} else if recordings.Until == nil || recordings.Until.Before(*day) {
				recordings.Until = day
			}
			if recordings.Rules == nil || r.facts.Attended.After(latest) {
				latest, recordings.Rules = r.facts.Attended, keeps(rules, Recording, r.facts, s.Zone)
			}
		}
	}
	if open {
		recordings.Until = nil
	}
	if len(recordings.Rules) == 0 && !recordings.Asked {
		recordings.Until, recordings.WithRecord = until, true
	}
	raw := Part{Name: OriginalsPart, Count: originals, Rules: keeps(rules, Original, main.facts, s.Zone)}
	if len(raw.Rules) == 0 {
		raw.WithRecord, raw.Until = true, until
	} else if raw.Until = last(raw.Rules); until != nil && raw.Until != nil && until.Before(*raw.Until) {
		raw.Until = until // what goes with the record goes then at the latest
	}
	all := []Part{record}
	if recordings.Count > 0 {
		all = append(all, recordings)
	}
	if files > 0 {
		all = append(all, Part{Name: FilesPart, Count: files, Until: until, WithRecord: true})
	}
	if originals > 0 {
		all = append(all, raw)
	}
	return all, nil
}
