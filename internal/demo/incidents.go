package demo

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/incident"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// wrong is something that goes wrong in the demonstration's week.
type wrong struct {
	incident incident.Incident
	path     [3]string // of the reason it brings
	began    time.Duration
	solved   time.Duration // before the week's end; 0 is still going on
	tickets  int
}

var wrongs = []wrong{
	{
		incident: incident.Incident{Title: "Carreta da rota Sul parada na serra",
			Inside:  "A transportadora confirmou: carga intacta, entrega remarcada. Não prometa dia; ofereça devolução sem custo a quem não puder esperar.",
			Outside: "As entregas para o Sul estão atrasadas por um bloqueio na serra. Os pedidos estão seguros e avisaremos a nova data por aqui."},
		path: [3]string{"Entrega", "Atraso", "Fora do prazo combinado"}, began: 20 * time.Hour, tickets: 5,
	},
	{
		incident: incident.Incident{Title: "Cobrança em dobro na madrugada de terça",
			Inside:  "Estorno automático feito pela adquirente; confira o extrato antes de abrir outro pedido.",
			Outside: "Algumas compras foram cobradas em dobro. O valor já foi estornado e aparece na próxima fatura."},
		path: [3]string{"Cobrança", "Valor", "Cobrado duas vezes"}, began: 6 * 24 * time.Hour, solved: 4 * 24 * time.Hour, tickets: 4,
	},
}

// goWrong makes the incidents of the week, one still going on, with tickets of
// their reason that came since. A week too short to have any has the incident alone.
func (s *stage) goWrong(ctx context.Context, now time.Time) error {
	who := int64(0)
	for _, a := range s.staff {
		if a.Role == access.Supervisor {
			who = a.ID
		}
	}
	for _, w := range wrongs {
		err := s.db.InTx(ctx, func(tx *gorm.DB) error { return s.wrong(ctx, tx, w, who, now) })
		if err != nil {
			return fmt.Errorf("let go wrong %q: %w", w.incident.Title, err)
		}
	}
	return nil
}

func (s *stage) wrong(ctx context.Context, tx *gorm.DB, w wrong, who int64, now time.Time) error {
	i := w.incident
	began, state := now.Add(-w.began), incident.Open
	var solved, news *time.Time
	var by *int64
	if w.solved > 0 {
		at := now.Add(-w.solved)
		state, solved, by = incident.Solved, &at, &who
	} else {
		at := now.Add(6 * time.Hour).Truncate(time.Hour)
		news = &at
	}
	var reason *int64
	if id, known := s.reasons[w.path]; known {
		reason = &id
	}
	err := tx.Raw(`INSERT INTO incidents (title, inside, outside, news_by, state, reason_id, started_at, solved_at, opened_by, solved_by, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`, i.Title, i.Inside, i.Outside, news, state, reason, began, solved, who, by, began, now).Scan(&i.ID).Error
	if err != nil {
		return err
	}
	var ids []int64
	err = tx.Raw(`SELECT id FROM tickets WHERE NOT walled AND incident_id IS NULL AND reason_id = coalesce(?::bigint, reason_id)
		AND opened_at BETWEEN ? AND ? ORDER BY open DESC, opened_at DESC LIMIT ?`, reason, began, now.Add(-w.solved), w.tickets).Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return err
	}
	_, err = ticket.ChangeAll(ctx, tx, ids, func(t *ticket.Ticket) (ticket.Cause, error) {
		t.IncidentID = &i.ID
		return ticket.Cause{Kind: event.TicketIncident, ActorID: &who, Data: incident.Linked{IncidentID: &i.ID, Title: i.Title}, At: now}, nil
	})
	return err
}
