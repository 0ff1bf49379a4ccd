package area

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// mail orders what tells an area about a request: that it is asked, reminded,
// overdue, given more time, or that it need not answer any more. Of a stage each
// address gets one mail, whoever orders it and however often. In it stands the
// text that was written for the area; of the ticket only the customer's name and
// protocol, when they are not hidden.
func (s *Service) mail(ctx context.Context, tx *gorm.DB, t ticket.Ticket, r Request, stage string, at time.Time) error {
	what, _, _ := strings.Cut(stage, "-") // chased-3 says what chased-1 does
	lang := i18n.Default
	words := map[string]any{"ref": r.Ref(), "area": r.Area, "asker": r.Asker}
	if s.Post.Day != nil {
		words["day"] = s.Post.Day(lang, r.Due)
	}
	for n, address := range r.Emails {
		m := outbox.AreaMail{
			Key: fmt.Sprintf("%s:%d:%s:%d", r.ID, r.Round, stage, n), Thread: fmt.Sprintf("%s:0:asked:%d", r.ID, n),
			To: address, ToName: r.Area, At: at,
			Subject: i18n.Text(lang, "area.mail."+what+".subject", words),
			Foot:    i18n.Text(lang, "area.mail.foot", words),
		}
		paragraphs := []string{i18n.Text(lang, "area.mail."+what+".text", words), r.Body}
		if what == "over" {
			paragraphs = paragraphs[:1]
		} else {
			if !r.Hides && !t.Walled {
				paragraphs = append(paragraphs, i18n.Text(lang, "area.mail.about", map[string]any{"name": t.CustomerName, "protocol": t.Protocol}))
			}
			if len(r.Files) > 0 {
				lines := []string{i18n.Text(lang, "area.mail.files", nil)}
				for k, f := range r.Files {
					lines = append(lines, f.Name+": "+s.Links.FileLink(r.ID, k+1, n))
				}
				paragraphs = append(paragraphs, strings.Join(lines, "\n"))
			}
			paragraphs = append(paragraphs, i18n.Text(lang, "area.mail.how", words))
			m.Link, m.LinkText = s.Links.Link(r.ID, n), i18n.Text(lang, "area.mail.answer", nil)
		}
		m.Text = strings.Join(paragraphs, "\n\n")
		if _, _, err := s.Post.Area(ctx, tx, t, m); err != nil {
			return err
		}
	}
	return nil
}
