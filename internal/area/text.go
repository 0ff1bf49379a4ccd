package area

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// checkText returns a text without blanks around it, or what is wrong with it.
func checkText(field, text string, most int) (string, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	switch {
	case text == "":
		return "", ticket.Wrong(field, "required")
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return "", ticket.Wrong(field, "not_text")
	case utf8.RuneCountInString(text) > most:
		return "", ticket.Wrong(field, "too_long", most)
	}
	return text, nil
}

// together is what is wrong with two fields, so that a form is corrected in one go.
func together(first, second error) error {
	if first == nil || second == nil {
		return cmp.Or(first, second)
	}
	f := fault.From(first)
	f.Details = append(f.Details, fault.From(second).Details...)
	return f
}

// Revealing refuses a text by which an area would know whose ticket it is: one
// with the name, an identity or a protocol of its customer, of a case also the
// protocol that its demandant had from the SAC.
func Revealing(ctx context.Context, tx *gorm.DB, t ticket.Ticket, body string) error {
	known, err := identifying(ctx, tx, t)
	if err != nil {
		return err
	}
	if !known.in(body) {
		return nil
	}
	code := "area_reveals"
	if t.Walled {
		code = "case_reveals"
	}
	return ticket.Wrong("body", code)
}

// marks are words by which somebody would know whose ticket it is, squeezed.
type marks []string

func identifying(ctx context.Context, tx *gorm.DB, t ticket.Ticket) (marks, error) {
	told := []string{t.CustomerName}
	var known []string
	err := tx.WithContext(ctx).Raw(`SELECT protocol FROM protocols WHERE ticket_id = @ticket
		UNION ALL SELECT value FROM identities WHERE NOT @walled AND customer_id = @customer
		UNION ALL SELECT name FROM customers WHERE NOT @walled AND id = @customer
		UNION ALL SELECT sac_protocol FROM ombudsman_cases WHERE ticket_id = @ticket
		UNION ALL SELECT s.protocol FROM ombudsman_cases c JOIN tickets s ON s.id = c.sac_ticket_id WHERE c.ticket_id = @ticket`,
		map[string]any{"ticket": t.ID, "walled": t.Walled, "customer": t.CustomerID}).Scan(&known).Error
	if err != nil {
		return nil, fmt.Errorf("read who is the customer of ticket %d: %w", t.ID, err)
	}
	var contacts []string
	err = tx.WithContext(ctx).Raw(`SELECT c.data->>'from' FROM ticket_contacts l JOIN contacts c ON c.id = l.contact_id
		WHERE l.ticket_id = ? AND c.direction = 'in' AND c.data->>'from' IS NOT NULL ORDER BY c.id LIMIT 50`, t.ID).Scan(&contacts).Error
	if err != nil {
		return nil, fmt.Errorf("read who wrote in ticket %d: %w", t.ID, err)
	}
	for _, text := range contacts {
		var from map[string]string
		if err := json.Unmarshal([]byte(text), &from); err != nil {
			return nil, fmt.Errorf("read who wrote in ticket %d: %w", t.ID, err)
		}
		for _, v := range from {
			known = append(known, v)
		}
	}
	var all marks
	for _, v := range append(told, known...) {
		for _, v := range []string{squeezed(v), strings.TrimPrefix(squeezed(v), "55")} { // a phone also without its country
			if len(v) >= 5 {
				all = append(all, v)
			}
		}
	}
	return all, nil
}

// in reports whether a text holds one of them.
func (m marks) in(text string) bool {
	plain := squeezed(text)
	return slices.ContainsFunc(m, func(mark string) bool { return strings.Contains(plain, mark) })
}

// squeezed leaves letters and digits, so that no blank or dot hides a number.
func squeezed(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\n\r.-/()+,;:", r) {
			return -1
		}
		return r
	}, strings.ToLower(text))
}
