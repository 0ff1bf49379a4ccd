package httpapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/ticket"
)

func entryBody(e ticket.Entry) Entry {
	out := Entry{At: e.At, Version: e.Version}
	switch {
	case e.Message != nil:
		m := messageBody(*e.Message)
		out.ID, out.Type, out.Message = fmt.Sprintf("m%d", m.ID), "message", &m
	case e.Note != nil:
		n := noteBody(*e.Note)
		out.ID, out.Type, out.Note = fmt.Sprintf("n%d", n.ID), "note", &n
	case e.Happening != nil:
		out.ID, out.Type = fmt.Sprintf("e%d", e.Happening.ID), "event"
		out.Event = &Happened{Kind: e.Happening.Kind, ActorID: e.Happening.ActorID, Data: objectOf(e.Happening.Data), Deadlines: movedBody(e.Happening.Deadlines)}
	}
	return out
}

// movedBody reads the deadlines that an event has moved; none of whatever is no list.
func movedBody(data json.RawMessage) []DeadlineMove {
	var moves []DeadlineMove
	if err := json.Unmarshal(data, &moves); err != nil {
		return nil
	}
	return moves
}

// objectOf is {} for whatever is no object.
func objectOf(data json.RawMessage) map[string]any {
	object := map[string]any{}
	if err := json.Unmarshal(data, &object); err != nil || object == nil {
		return map[string]any{}
	}
	return object
}

func messageBody(m ticket.Message) Message {
	return Message{ID: m.ID, Direction: string(m.Direction), AuthorID: m.AuthorID, AuthorName: m.AuthorName, Body: m.Body, Way: wayOf(m),
		Delivery: string(m.Delivery), DeliveryReason: m.DeliveryReason, HeldUntil: m.HeldUntil,
		Folded: m.Folded, HasHTML: m.HasHTML, Spoken: m.Spoken(), Automatic: m.Automatic, Origin: originBody(m),
		Version: m.Version, At: m.At, Files: itemsOf(m.Files, fileBody).Items}
}

// wayOf reads from the frozen envelope by which way an answer of ours goes.
func wayOf(m ticket.Message) string {
	var frozen struct{ Channel string }
	if m.Direction != ticket.Out || json.Unmarshal(m.Envelope, &frozen) != nil {
		return ""
	}
	if frozen.Channel == string(reach.Letter) || frozen.Channel == string(reach.SMS) {
		return frozen.Channel
	}
	return ""
}

func noteBody(n ticket.Note) Note {
	return Note{n.ID, n.AuthorID, n.AuthorName, n.Body, n.Version, n.At}
}

// fieldsBody reads the answers to a form's own questions.
func fieldsBody(t ticket.Ticket) (map[string]string, error) {
	fields := map[string]string{}
	if len(t.Fields) == 0 {
		return fields, nil
	}
	if err := json.Unmarshal(t.Fields, &fields); err != nil {
		return nil, fmt.Errorf("read the fields of ticket %d: %w", t.ID, err)
	}
	maps.DeleteFunc(fields, func(name, _ string) bool { return strings.HasPrefix(name, "case.") }) // what the case knows
	return fields, nil
}
