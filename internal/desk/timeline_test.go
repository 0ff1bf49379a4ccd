package desk_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/ticket"
)

func TestATimelineHasEverythingInTheOrderOfItsVersions(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	if _, _, err := o.s.Note(t.Context(), o.bruno, tk.ID, "Nota"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Oi", Resolve: true, Files: []ticket.File{{Blob: "b", Name: "n", Mime: "m", Size: 1}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.s.Reopen(t.Context(), o.ana, tk.ID, "faltou algo"); err != nil {
		t.Fatal(err)
	}
	entries, err := ticket.Timeline(t.Context(), o.db.Gorm, tk.ID)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		switch {
		case e.Message != nil:
			got = append(got, string(e.Message.Direction)+" "+e.Message.Body)
		case e.Note != nil:
			got = append(got, e.Note.AuthorName+" "+e.Note.Body)
		default:
			got = append(got, e.Happening.Kind)
		}
	}
	want := []string{event.TicketOpened, "in Preciso de ajuda.", o.bruno.Name + " Nota", "out Oi", event.TicketReopened}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if f := entries[3].Message.Files; len(f) != 1 || f[0].Name != "n" {
		t.Errorf("files %+v", f)
	}
	var told desk.Moved
	if err := json.Unmarshal(entries[4].Happening.Data, &told); err != nil || told.Reason != "faltou algo" || told.From != ticket.Resolved {
		t.Errorf("told %+v, %v", told, err)
	}
	file, audience, err := ticket.FileByToken(t.Context(), o.db.Gorm, entries[3].Message.Files[0].Token)
	if err != nil || file.Blob != "b" || audience.Team != tk.TeamID {
		t.Errorf("by its link: %+v for %+v, %v", file, audience, err)
	}
	if _, _, err := ticket.FileByToken(t.Context(), o.db.Gorm, "no' OR true --"); !errors.Is(err, ticket.ErrNoFile) {
		t.Errorf("by a wrong link: %v", err)
	}
}
