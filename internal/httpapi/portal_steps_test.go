package httpapi

import (
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/ticket"
)

func TestStepsShowWhatWasPassedAndWhereTheTicketStands(t *testing.T) {
	opened := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	ours := []PublicMessage{{From: "you", At: opened}, {From: "us", At: opened.Add(time.Hour)}}
	for _, tt := range []struct {
		status   ticket.Status
		messages []PublicMessage
		want     string
	}{
		{ticket.New, ours[:1], "*received working answered resolved"},
		{ticket.Open, ours[:1], "+received *working answered resolved"},
		{ticket.Open, ours, "+received +working *answered resolved"},
		{ticket.WaitingThird, ours, "+received *third answered resolved"},
		{ticket.WaitingCustomer, ours, "+received +working *your_turn resolved"},
		{ticket.Resolved, ours, "+received +working +answered *resolved"},
		{ticket.Closed, ours[:1], "+received +working +answered *closed"},
	} {
		var said []string
		for _, s := range steps(PublicTicket{Status: string(tt.status), OpenedAt: opened, Messages: tt.messages}) {
			mark := map[bool]string{true: "+"}[s.Done] + map[bool]string{true: "*"}[s.Current]
			said = append(said, mark+s.Name)
		}
		if got := strings.Join(said, " "); got != tt.want {
			t.Errorf("%s shows %q, want %q", tt.status, got, tt.want)
		}
	}
}
