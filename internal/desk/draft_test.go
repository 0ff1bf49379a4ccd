package desk_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// drafts are the bodies of what is being written on a ticket, by kind and author.
func (o office) drafts(t *testing.T, id int64) map[string]string {
	t.Helper()
	all, err := desk.Drafts(t.Context(), o.db.Gorm, id)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, d := range all {
		got[string(d.Kind)+" of "+d.AuthorName] = d.Body
	}
	return got
}

func TestAnAnswerAndANoteAreTwoDraftsOfEachAuthor(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	save := func(who access.Actor, kind desk.DraftKind, body string, revision int64) desk.Draft {
		t.Helper()
		d, err := o.s.SaveDraft(t.Context(), who, desk.Draft{TicketID: tk.ID, Kind: kind, Body: body, Revision: revision})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	reply := save(o.ana, desk.DraftReply, "Bom dia,\n ", 0)
	save(o.ana, desk.DraftNote, "Cliente nervosa", 0)
	save(o.bruno, desk.DraftReply, "Olá", 0)
	reply = save(o.ana, desk.DraftReply, "Bom dia, Rita. ", reply.Revision)
	want := map[string]string{"reply of " + o.ana.Name: "Bom dia, Rita. ", "note of " + o.ana.Name: "Cliente nervosa", "reply of " + o.bruno.Name: "Olá"}
	got := o.drafts(t, tk.ID)
	for who, body := range want {
		if got[who] != body {
			t.Errorf("%s: %q, want %q", who, got[who], body)
		}
	}
	if gone := save(o.ana, desk.DraftReply, "", reply.Revision); gone.Revision != 0 || len(o.drafts(t, tk.ID)) != 2 {
		t.Errorf("%+v is left of an empty draft, and %v", gone, o.drafts(t, tk.ID))
	}
}

// Two browsers of one author: whoever has not seen the other's words does not
// write over them, and is told what they are.
func TestADraftIsNeverWrittenOverUnseen(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	save := func(body string, revision int64) (desk.Draft, error) {
		return o.s.SaveDraft(t.Context(), o.ana, desk.Draft{TicketID: tk.ID, Kind: desk.DraftReply, Body: body, Revision: revision})
	}
	var browsers sync.WaitGroup
	kept := make([]error, 8)
	for i := range kept {
		browsers.Go(func() { _, kept[i] = save(strings.Repeat("x", i+1), 0) })
	}
	browsers.Wait()
	won := 0
	for _, err := range kept {
		if err == nil {
			won++
		} else if !errors.Is(err, desk.ErrDraftNewer) {
			t.Fatal(err)
		}
	}
	_, err := save("outra coisa", 0)
	stored, told := fault.From(err).Args["draft"].(desk.Draft)
	if won != 1 || !errors.Is(err, desk.ErrDraftNewer) || !told || stored.Revision == 0 {
		t.Fatalf("%d of %d were kept; then %v with %+v", won, len(kept), err, stored)
	}
	if _, err := save("", 0); !errors.Is(err, desk.ErrDraftNewer) {
		t.Errorf("unseen words are removed: %v", err)
	}
	if again, err := save(stored.Body, 0); err != nil || again.Body != stored.Body {
		t.Errorf("the same words: %v", err)
	}
	if _, err := save("", stored.Revision+1_000_000); !errors.Is(err, desk.ErrDraftNewer) {
		t.Errorf("a revision that nobody has seen: %v", err)
	}
}

// What was sent is no draft any more, on no machine; what was written since stays.
func TestWhatWasSentIsNoDraft(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	save := func(kind desk.DraftKind, body string) {
		t.Helper()
		if _, err := o.s.SaveDraft(t.Context(), o.ana, desk.Draft{TicketID: tk.ID, Kind: kind, Body: body}); err != nil {
			t.Fatal(err)
		}
	}
	save(desk.DraftReply, "Resolvido.\r\nAbraço \n")
	save(desk.DraftNote, "Liguei para a loja")
	if _, _, err := o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Resolvido.\nAbraço"}); err != nil {
		t.Fatal(err)
	}
	if got := o.drafts(t, tk.ID); len(got) != 1 || got["note of "+o.ana.Name] == "" {
		t.Errorf("left after the answer: %v", got)
	}
	save(desk.DraftReply, "Mais uma coisa")
	if _, _, err := o.s.Note(t.Context(), o.ana, tk.ID, "Liguei para a loja"); err != nil {
		t.Fatal(err)
	}
	if got := o.drafts(t, tk.ID); len(got) != 1 || got["reply of "+o.ana.Name] != "Mais uma coisa" {
		t.Errorf("left after the note: %v", got)
	}
}
