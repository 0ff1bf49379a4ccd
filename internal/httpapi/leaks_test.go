package httpapi

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
)

// Who knows somebody's CPF is not told whose it is, by no way a ticket can go.
func TestAttack64AnIdentityDoesNotTellAName(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.opened(`{"name":"Maria do Cadastro","document":"52998224725","kind":"elogio","subject":"a","body":"b"}`)
	r := w.opened(`{"name":"Estranho","document":"52998224725","kind":"elogio","subject":"a","body":"b"}`)
	s := w.somebody()
	s.header.Set(accessHeader, r.AccessToken)
	path := "/api/public/tickets/" + r.Protocol
	s.post(path+"/messages", `{"body":"Mais uma coisa."}`).want(201)
	if a := s.get(path).want(200); bytes.Contains(a.body, []byte("Maria")) {
		t.Errorf("the name in the customer's record is told: %s", a.body)
	}
	w.must(w.db.Gorm.Exec("UPDATE tickets SET status = 'closed', closed_at = now() WHERE id = (SELECT ticket_id FROM protocols WHERE protocol = ?)", r.Protocol).Error)
	var next PublicReply
	s.post(path+"/messages", `{"body":"E outra."}`).want(201).into(&next)
	s.header.Set(accessHeader, next.AccessToken)
	if a := s.get("/api/public/tickets/" + next.Protocol).want(200); next.Protocol == r.Protocol || bytes.Contains(a.body, []byte("Maria")) {
		t.Errorf("the ticket that continues it tells the name: %s", a.body)
	}
}

// What stands behind the wall is not in the ledger of those who do not see
// through it, also before it is a ticket.
func TestAttack53TheLedgerHasNoWayThroughTheWall(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.opened(validTicket)
	var id int64
	w.must(w.db.Gorm.Raw(`INSERT INTO intake_ledger (channel, source_key, body_hash, raw, fate, reason, received_at, day)
		VALUES ('ombudsman', 'carta:1', '\x00', '{"kind":"denuncia","subject":"a","body":"b"}', 'quarantined', 'x', now(), now()) RETURNING id`).Scan(&id).Error)
	w.must(w.db.Gorm.Exec("INSERT INTO intake_tallies (channel, fate, day, n) VALUES ('ombudsman', 'quarantined', now(), 1)").Error)
	for _, role := range []access.Role{access.Supervisor, access.Admin} {
		p := w.as(role)
		var page LedgerPage
		p.get("/api/intake/ledger").want(200).into(&page)
		for _, item := range page.Items {
			if item.ID == id {
				t.Errorf("%s is shown entry %d", role, id)
			}
		}
		var sum IntakeSummary
		p.get("/api/intake/summary").want(200).into(&sum)
		if sum.Received != 1 || sum.Accounted != 1 || sum.ByChannel["ombudsman"] != 0 || sum.ByFate["quarantined"] != 0 {
			t.Errorf("%s is told %+v", role, sum)
		}
		p.post(fmt.Sprintf("/api/intake/ledger/%d/retry", id), nil).want(404).problem("ledger_not_found")
	}
}
