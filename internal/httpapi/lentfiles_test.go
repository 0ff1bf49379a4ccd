package httpapi

import (
	"bytes"
	plane "image"
	"image/jpeg"
	"net/url"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// openedWith opens a ticket with one file and gives the file's address.
func (w *world) openedWith(agent *person, name, mime string, content []byte) (r PublicReceipt, file string) {
	w.t.Helper()
	kind, body := formBody(w.t.(*testing.T), map[string]string{"name": "Rosa Lima", "email": "rosa@exemplo.example", "kind": "reclamacao", "subject": "Cobrança", "body": "Em dobro."}, name, mime, content)
	w.somebody().call("POST", "/api/public/tickets", kind, body).want(201).into(&r)
	var timeline Timeline
	agent.get("/api/tickets/" + r.Protocol + "/timeline").want(200).into(&timeline)
	for _, e := range timeline.Items {
		if e.Message != nil && len(e.Message.Files) > 0 {
			return r, e.Message.Files[0].URL
		}
	}
	w.t.Fatalf("%s is not there", name)
	return r, ""
}

// filesIn are the addresses of files that a mail's text gives, as paths with tokens.
func filesIn(t testing.TB, text string) (all []string) {
	t.Helper()
	for _, word := range strings.Fields(text) {
		if u, err := url.Parse(word); err == nil && strings.Contains(u.Path, "/arquivos/") {
			all = append(all, u.RequestURI())
		}
	}
	return all
}

// An area opens the files that were chosen for it, by its mail and on its page, as
// long as it is asked; nobody else does, and no other file of the ticket.
func TestAttackAFileIsLentToOneAreaUntilItHasAnswered(t *testing.T) {
	t.Parallel()
	w := start(t)
	team := tickettest.Team(t, w.db, "Cobrança")
	agent, clerk, other, billing := w.as(access.Agent), w.as(access.Agent, team), w.as(access.Agent, tickettest.Team(t, w.db, "Loja")), w.billing(team)
	r, file := w.openedWith(agent, "Boleto da Rosa.pdf", "application/pdf", []byte("%PDF-1.4 boleto"))
	_, foreign := w.openedWith(agent, "outro.pdf", "application/pdf", []byte("%PDF-1.4 outro"))
	path := "/api/tickets/" + r.Protocol + "/requests"
	for _, wrong := range []string{foreign, "/api/files/nenhum", "nenhum", ""} {
		agent.post(path, map[string]any{"area_id": billing.ID, "body": "Confere?", "files": []string{wrong}}).want(422).problem("ticket_invalid", "body.files")
	}
	agent.post(path, map[string]any{"area_id": billing.ID, "body": "Confere?", "files": []string{file, file}}).want(422)
	if len(w.areaMails()) != 0 {
		t.Fatal("mailed all the same")
	}
	agent.post(path, map[string]any{"area_id": billing.ID, "body": "Confere?", "files": []string{file}}).want(201)
	asked := agent.requests(r.Protocol).Items[0]
	if len(asked.Files) != 1 || asked.Files[0].Name != "Boleto da Rosa.pdf" {
		t.Fatalf("%+v", asked.Files)
	}
	mail := w.areaMails()[0]
	page, token := linkOf(t, mail)
	direct := filesIn(t, mail.Text)
	if len(direct) != 1 {
		t.Fatalf("mailed: %s", mail.Text)
	}
	visitor := w.somebody()
	visitor.get(page+"?token="+token).want(200).has("Boleto da Rosa.pdf", page+"/arquivos/1")
	var list Items[AreaRequest]
	clerk.get("/api/area-requests").want(200).into(&list)
	if len(list.Items) != 1 || len(list.Items[0].Carries) != 1 {
		t.Fatalf("%+v", list.Items)
	}
	inDesk := list.Items[0].Carries[0].URL
	open := func(status int) {
		t.Helper()
		for what, got := range map[string]answer{
			"by the mail": w.somebody().get(direct[0]), "on the page": visitor.get(page + "/arquivos/1"), "in the desk": clerk.get(inDesk),
		} {
			if got.want(status); status == 200 && (string(got.body) != "%PDF-1.4 boleto" || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment")) {
				t.Errorf("%s: %v %s", what, got.header, got.body)
			}
		}
	}
	open(200)
	for _, n := range []string{"0", "2", "-1", "x", "99999999999999999999"} {
		visitor.get(page + "/arquivos/" + n).want(404)
		clerk.get("/api/area-requests/" + asked.ID + "/files/" + n).want(404)
	}
	w.somebody().get(page + "/arquivos/1").want(404)
	w.somebody().get(page + "/arquivos/1?token=0.abc").want(404)
	for _, p := range []*person{other, agent} { // who sees the ticket has it there
		p.get(inDesk).want(404).problem("file_not_found")
	}
	agent.get(asked.Files[0].URL).want(200)
	clerk.get(asked.Files[0].URL).want(404)
	clerk.get(file).want(404)
	w.somebody().call("GET", asked.Files[0].URL, "", nil, accessHeader, r.AccessToken).want(404)
	agent.post(path+"/"+asked.ID+"/withdraw", map[string]any{}).want(200)
	open(404)
	if got := visitor.get(page).want(200); strings.Contains(string(got.body), "Boleto") {
		t.Errorf("the page still tells of it: %s", got.body)
	}
}

// Where the customer is hidden, neither a file's name nor what is noted in it
// tells who they are, and somebody has looked at what can be seen.
func TestAttackALentFileDoesNotTellWhoTheCustomerIs(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent, billing := w.as(access.Agent), w.billing()
	var picture bytes.Buffer
	w.must(jpeg.Encode(&picture, plane.NewGray(plane.Rect(0, 0, 8, 8)), nil))
	noted := append([]byte{0xff, 0xd8, 0xff, 0xe1, 0, 11}, "Rosa Lima"...)
	noted = append(noted, picture.Bytes()[2:]...)
	utf16 := "%PDF-1.4 /Author (\xfe\xff"
	for _, r := range "Rosa Lima" {
		utf16 += "\x00" + string(r)
	}
	for _, tt := range []struct {
		name, file, mime string
		content          []byte
		looked           bool
		problem          string
	}{
		{"nobody has looked", "rosa.jpg", "image/jpeg", noted, false, "body.looked"},
		{"a picture", "Rosa Lima.jpg", "image/jpeg", noted, true, ""},
		{"a PDF", "Rosa Lima.pdf", "application/pdf", []byte("%PDF-1.4 parafuso"), true, ""},
		{"a PDF with its author", "nota.pdf", "application/pdf", []byte("%PDF-1.4 /Author (Rosa Lima)"), true, "body.files"},
		{"the same as UTF-16", "nota.pdf", "application/pdf", []byte(utf16), true, "body.files"},
		{"a text with an address", "nota.txt", "text/plain", []byte("de ROSA@exemplo.example"), true, "body.files"},
		{"a type of which nobody knows", "nota.gif", "image/gif", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), true, "body.files"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, file := w.openedWith(agent, tt.file, tt.mime, tt.content)
			before := len(w.areaMails())
			got := agent.post("/api/tickets/"+r.Protocol+"/requests", map[string]any{"area_id": billing.ID, "body": "Falta algo?", "hides": true,
				"files": []string{file}, "looked": tt.looked})
			if tt.problem != "" {
				got.want(422).problem("ticket_invalid", tt.problem)
				if len(w.areaMails()) != before {
					t.Error("mailed all the same")
				}
				return
			}
			got.want(201)
			mail := w.areaMails()[before]
			sent := w.somebody().get(filesIn(t, mail.Text)[0]).want(200)
			page, token := linkOf(t, mail)
			shown := w.somebody().get(page + "?token=" + token).want(200)
			for what, text := range map[string]string{"the mail": mail.Text, "the page": string(shown.body), "the file": string(sent.body), "its name": sent.header.Get("Content-Disposition")} {
				if strings.Contains(text, "Rosa") || strings.Contains(text, "Lima") {
					t.Errorf("%s tells who it is: %s", what, text)
				}
			}
		})
	}
}

// Of a case its office alone lends files, and always without who demands it.
func TestAttackACasesFileLeavesTheWallWithoutItsDemandant(t *testing.T) {
	t.Parallel()
	w := start(t)
	boss, agent, billing := w.as(access.Ombudsman), w.as(access.Agent), w.billing()
	c := w.demand(`{"name":"Célia Prado","email":"celia@exemplo.example","sac_protocol":"20261122000000139","subject":"Lote","body":"Ninguém resolve."}`)
	r, file := w.openedWith(agent, "nota.pdf", "application/pdf", []byte("%PDF-1.4 nota"))
	w.must(w.db.Gorm.Exec(`UPDATE attachments a SET ticket_id = c.id, message_id = (SELECT min(id) FROM messages WHERE ticket_id = c.id), name = 'Célia.pdf'
		FROM tickets c, tickets o WHERE c.protocol = ? AND o.protocol = ? AND a.ticket_id = o.id`, c.Protocol, r.Protocol).Error)
	path := "/api/tickets/" + c.Protocol + "/requests"
	ask := map[string]any{"area_id": billing.ID, "body": "O lote confere?", "hides": false, "files": []string{file}}
	agent.post(path, ask).want(404).problem("ticket_not_found")
	agent.post("/api/tickets/"+r.Protocol+"/requests", ask).want(422)
	boss.post(path, ask).want(422).problem("ticket_invalid", "body.looked")
	ask["looked"] = true
	boss.post(path, ask).want(201)
	mail := w.areaMails()[0]
	if strings.Contains(mail.Text, "Célia") {
		t.Errorf("mailed: %s", mail.Text)
	}
	if got := w.somebody().get(filesIn(t, mail.Text)[0]).want(200); strings.Contains(got.header.Get("Content-Disposition"), "lia") {
		t.Errorf("%v", got.header)
	}
	agent.get(boss.requests(c.Protocol).Items[0].Files[0].URL).want(404)
}
