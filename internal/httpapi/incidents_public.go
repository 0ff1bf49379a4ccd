package httpapi

import (
	"time"

	"github.com/escuta-sac/escuta/internal/incident"
)

// PublicIncident is what customers are told of an incident. Its title and what
// agents should know are not.
type PublicIncident struct {
	Text     string     `json:"text"`
	Since    time.Time  `json:"since"`
	NewsBy   *time.Time `json:"news_by" doc:"By when the next news is promised; null when nothing is, or it is past"`
	SolvedAt *time.Time `json:"solved_at"`
}

func publicIncident(i incident.Incident, now time.Time) PublicIncident {
	p := PublicIncident{Text: i.Outside, Since: i.StartedAt, SolvedAt: i.SolvedAt}
	if i.NewsBy != nil && i.NewsBy.After(now) { // a promise that is past says nothing
		p.NewsBy = i.NewsBy
	}
	return p
}

// knownOn is what a form's page tells of, from memory.
func (h publicRoutes) knownOn(brand int64) []PublicIncident {
	return itemsOf(h.services.Incidents.ToldOn(brand), func(i incident.Incident) PublicIncident { return publicIncident(i, h.now()) }).Items
}

// knownOf is what a ticket's page tells of, from memory.
func (h publicRoutes) knownOf(incidentID *int64) *PublicIncident {
	i, told := h.services.Incidents.Told(incidentID)
	if !told {
		return nil
	}
	p := publicIncident(i, h.now())
	return &p
}
