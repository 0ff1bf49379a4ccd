package call_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/call"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// file is a recording that was uploaded.
func (o *office) file(sound string) *channel.File {
	o.Helper()
	ref, err := o.blobs.Put(o.Context(), strings.NewReader(sound), 1<<20)
	if err != nil {
		o.Fatal(err)
	}
	return &channel.File{Blob: ref.Hash, Name: "ligacao.wav", Mime: ref.Mime, Size: ref.Size}
}

// An upload is kept for ninety days from the end of the attendance at least,
// whatever date was given and however early it was noted; a later date stands.
func TestARecordingIsKeptFromTheEndOfTheCall(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.opens("11988887777").Call.ContactID
	soon := o.now().AddDate(0, 0, 1)
	rec, err := o.node.Record(t.Context(), o.ana, c, "", o.file("RIFF fala"), &soon)
	if err != nil || rec.File == nil || rec.RetainUntil.Before(o.now().Add(call.Kept-time.Minute)) {
		t.Fatalf("%+v %v", rec, err)
	}
	o.ahead.Store(int64(3 * time.Hour))
	ended := *o.changes(c, call.Change{Ended: true}).Call.EndedAt
	if rec, err := o.node.Recorded(t.Context(), c); err != nil || rec.RetainUntil.Before(ended.Add(call.Kept)) {
		t.Errorf("a call that ended at %s can be heard until %s: %v", ended, rec.RetainUntil, err)
	}
	late := ended.AddDate(1, 0, 0)
	if rec, err := o.node.Record(t.Context(), o.ana, c, "", o.file("RIFF outra"), &late); err != nil || !rec.RetainUntil.Equal(late) {
		t.Errorf("%+v %v", rec, err)
	}
	o.exec("UPDATE recordings SET reference = '', blob = '', erased_at = now()") // as package retention does
	if _, err := o.node.Hear(t.Context(), o.ana, c); !errors.Is(err, call.ErrErased) {
		t.Errorf("after that: %v", err)
	}
}

// Whose call it was hears it, and those who may take over; each hearing is kept.
// While somebody waits for a copy it is not replaced.
func TestWhoHearsARecordingAndWhoWaitsForIt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.opens("11988887777").Call.ContactID
	if _, err := o.node.Hear(t.Context(), o.ana, c); !errors.Is(err, call.ErrNoRecording) {
		t.Errorf("before there is one: %v", err)
	}
	if _, err := o.node.Record(t.Context(), o.bruno, c, "gravacao/1", nil, nil); !errors.Is(err, call.ErrNotYours) {
		t.Errorf("a colleague's: %v", err)
	}
	if _, err := o.node.Record(t.Context(), o.ana, c, "gravacao/1", nil, nil); err != nil {
		t.Fatal(err)
	}
	for says, reference := range map[string]string{"reference:required": " ", "reference:not_text": "a\x00b", "reference:too_long": strings.Repeat("x", 1001)} {
		if _, err := o.node.Record(t.Context(), o.ana, c, reference, nil, nil); fields(err) != says {
			t.Errorf("%s: %v", says, err)
		}
	}
	boss := tickettest.Account(t, o.db, access.Supervisor, tickettest.DefaultTeam)
	for _, who := range []access.Actor{o.ana, boss} {
		if rec, err := o.node.Hear(t.Context(), who, c); err != nil || rec.Reference != "gravacao/1" {
			t.Errorf("%+v %v", rec, err)
		}
	}
	if _, err := o.node.Hear(t.Context(), o.bruno, c); !errors.Is(err, call.ErrMayNotHear) {
		t.Errorf("a colleague: %v", err)
	}
	if n := o.count("SELECT count(*) FROM recording_hearings"); n != 2 {
		t.Errorf("%d hearings were kept", n)
	}
	if err := o.node.AskCopy(t.Context(), o.ana, c); err != nil {
		t.Fatal(err)
	}
	if _, err := o.node.Record(t.Context(), o.ana, c, "gravacao/2", nil, nil); !errors.Is(err, call.ErrKept) {
		t.Errorf("replaced while somebody waits for it: %v", err)
	}
	if err := o.node.GaveCopy(t.Context(), o.ana, c); err != nil {
		t.Fatal(err)
	}
	o.exec("UPDATE recordings SET reference = '', erased_at = now()")
	if err := o.node.AskCopy(t.Context(), o.ana, c); !errors.Is(err, call.ErrErased) {
		t.Errorf("a copy of what is erased: %v", err)
	}
}
