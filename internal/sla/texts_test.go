package sla

import (
	"errors"
	"testing"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/i18n"
)

func TestEveryCodeThatPeopleReadHasAText(t *testing.T) {
	var keys []string
	for _, err := range []error{ErrCalendar, ErrUnit, ErrAmount, ErrStart, ErrNeverOpen, ErrInterval, ErrOverlap, ErrHolidays, ErrUnreachable} {
		f := (*fault.Error)(nil)
		if !errors.As(err, &f) {
			t.Fatalf("%v is no fault", err)
		}
		keys = append(keys, "error."+f.Code)
	}
	for _, r := range []Reason{StartDay, Weekend, Holiday, Closed, Paused, Rolled} {
		keys = append(keys, "sla.reason."+string(r))
	}
	for _, k := range []Kind{FirstResponse, NextResponse, Resolution, Legal, Acknowledgement, History, Duty, Commitment} {
		keys = append(keys, "sla.kind."+string(k))
	}
	for _, r := range []string{WaitingCustomer, WaitingThird, Answered, Complement} {
		keys = append(keys, "sla.pause."+r)
	}
	days := append(brazil.BankHolidays(2026), brazil.OptionalDays(2026)...)
	for _, uf := range brazil.UFs {
		days = append(days, brazil.StateHolidays(uf, 2026)...)
	}
	for _, h := range days {
		keys = append(keys, "holiday."+h.Key)
	}
	for _, lang := range i18n.Languages {
		for _, key := range keys {
			if i18n.Text(lang, key, nil) == key {
				t.Errorf("%s has no %s", lang, key)
			}
		}
	}
}
