package httpapi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
)

func TestAMailboxIsMadeAndChangedAndTellsNoSecret(t *testing.T) {
	t.Parallel()
	w := start(t)
	admin := w.as(access.Admin)
	post := func(body string) answer {
		return admin.call("POST", "/api/mailboxes", "application/json", []byte(body))
	}
	var m Mailbox
	post(`{"brand_id":1,"address":"SAC@Aroeira.example","aliases":["Ajuda@aroeira.example"],"display_name":"SAC Aroeira","since":"2026-11-01",
		"imap":{"host":"imap.aroeira.example","port":993,"security":"tls","user":""},"secret":"s3nha-da-caixa",
		"dkim_domain":"aroeira.example","dkim_selector":"escuta","dkim_new_key":true}`).want(201).into(&m)
	if m.Address != "sac@aroeira.example" || len(m.Aliases) != 1 || m.Aliases[0] != "ajuda@aroeira.example" || !m.Default || !m.Active ||
		!m.Acknowledges || m.UndoSeconds != 10 || !m.HasSecret || m.Since == nil || *m.Since != "2026-11-01" || m.Folder != "INBOX" {
		t.Errorf("made %+v", m)
	}
	if m.DKIMName != "escuta._domainkey.aroeira.example" || !strings.HasPrefix(m.DKIMRecord, "v=DKIM1; k=rsa; p=MII") {
		t.Errorf("DKIM %q %q", m.DKIMName, m.DKIMRecord)
	}
	path := fmt.Sprintf("/api/mailboxes/%d", m.ID)
	change := func(body string) answer { return admin.call("PATCH", path, "application/json", []byte(body)) }
	var changed Mailbox
	change(`{"signature":"Equipe SAC\nAroeira","since":"","team_id":0}`).want(200).into(&changed)
	if changed.Signature != "Equipe SAC\nAroeira" || changed.Since != nil || !changed.HasSecret || changed.DKIMRecord != m.DKIMRecord {
		t.Errorf("changed to %+v", changed)
	}
	list := admin.get("/api/mailboxes").want(200)
	if body := string(list.body); strings.Contains(body, "s3nha") || strings.Contains(w.log.String(), "s3nha") {
		t.Errorf("the secret is told: %s", body)
	}

	post(`{"brand_id":1,"address":"ajuda@aroeira.example"}`).want(409).problem("mailbox_address_taken")
	change(`{"active":false}`).want(200) // alone it may rest
	change(`{"active":true}`).want(200)
	var second Mailbox
	post(`{"brand_id":1,"address":"ouvidoria@aroeira.example"}`).want(201).into(&second)
	if second.Default {
		t.Error("the second one took the default")
	}
	change(`{"default":false}`).want(409).problem("mailbox_default_stays")
	change(`{"active":false}`).want(409).problem("mailbox_default_stays")
	admin.call("PATCH", fmt.Sprintf("/api/mailboxes/%d", second.ID), "application/json", []byte(`{"default":true}`)).want(200)
	var all Items[Mailbox]
	admin.get("/api/mailboxes").want(200).into(&all)
	if len(all.Items) != 2 || all.Items[0].ID != second.ID || !all.Items[0].Default || all.Items[1].Default {
		t.Errorf("the default moved to %+v", all.Items)
	}
	admin.call("PATCH", "/api/mailboxes/999", "application/json", []byte(`{}`)).want(404).problem("mailbox_not_found")
}

func TestAMailboxRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	w := start(t)
	admin := w.as(access.Admin)
	for body, field := range map[string]string{
		`{"brand_id":1}`:                                                                                                    "body.address",
		`{"address":"a@b.example"}`:                                                                                         "body.brand_id",
		`{"brand_id":9,"address":"a@b.example"}`:                                                                            "body.brand_id",
		`{"brand_id":1,"team_id":99,"address":"a@b.example"}`:                                                               "body.team_id",
		`{"brand_id":1,"address":"a@b.example\r\nBcc: c@d.example"}`:                                                        "body.address",
		`{"brand_id":1,"address":"a@b.example","aliases":["x@y.example","no"]}`:                                             "body.aliases.1",
		`{"brand_id":1,"address":"a@b.example","display_name":"a\u0007b"}`:                                                  "body.display_name",
		`{"brand_id":1,"address":"a@b.example","imap":{"host":"http://x/","port":993,"security":"tls","user":""}}`:          "body.imap.host",
		`{"brand_id":1,"address":"a@b.example","imap":{"host":"x.example","port":0,"security":"tls","user":""}}`:            "body.imap.port",
		`{"brand_id":1,"address":"a@b.example","smtp":{"host":"x.example","port":25,"security":"ssl3","user":""}}`:          "body.smtp.security",
		`{"brand_id":1,"address":"a@b.example","smtp":{"host":"x.example","port":25,"security":"none","user":"a\r\nRSET"}}`: "body.smtp.user",
		`{"brand_id":1,"address":"a@b.example","auth":"xoauth2","token_url":"http://login.example/token"}`:                  "body.token_url",
		`{"brand_id":1,"address":"a@b.example","dkim_domain":"b","dkim_selector":"s"}`:                                      "body.dkim_domain",
		`{"brand_id":1,"address":"a@b.example","dkim_domain":"b.example","dkim_selector":"../s"}`:                           "body.dkim_selector",
		`{"brand_id":1,"address":"a@b.example","since":"2026-02-31"}`:                                                       "body.since",
		`{"brand_id":1,"address":"a@b.example","secret":"a\r\nb"}`:                                                          "body.secret",
		`{"brand_id":1,"address":"a@b.example","undo_seconds":121}`:                                                         "body.undo_seconds",
		`{"brand_id":1,"address":"a@b.example","has_secret":true}`:                                                          "body.has_secret",
	} {
		a := admin.call("POST", "/api/mailboxes", "application/json", []byte(body))
		if a.status != 422 || !strings.Contains(string(a.body), `"`+field+`"`) {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
}

// Who may change a mailbox must not thereby learn its password: what was typed for
// one server is not told to another.
func TestAStoredSecretGoesToNoOtherServer(t *testing.T) {
	t.Parallel()
	w := start(t)
	admin := w.as(access.Admin)
	var m Mailbox
	admin.call("POST", "/api/mailboxes", "application/json", []byte(`{"brand_id":1,"address":"sac@aroeira.example","auth":"password",
		"imap":{"host":"imap.aroeira.example","port":993,"security":"tls","user":""},"secret":"s3nha",
		"token_url":"https://login.example/token","client_secret":"s3gredo"}`)).want(201).into(&m)
	path := fmt.Sprintf("/api/mailboxes/%d", m.ID)
	for body, field := range map[string]string{
		`{"imap":{"host":"imap.outro.example","port":993,"security":"tls","user":""}}`:      "body.secret",
		`{"imap":{"host":"imap.aroeira.example","port":143,"security":"none","user":""}}`:   "body.secret",
		`{"smtp":{"host":"smtp.outro.example","port":587,"security":"starttls","user":""}}`: "body.secret",
		`{"auth":"xoauth2"}`:                                           "body.secret",
		`{"token_url":"https://outro.example/token"}`:                  "body.client_secret",
		`{"token_url":"https://outro.example/token","secret":"outra"}`: "body.client_secret",
	} {
		for _, asked := range []answer{
			admin.call("PATCH", path, "application/json", []byte(body)),
			admin.call("POST", "/api/mailboxes/test", "application/json", fmt.Appendf(nil, `{"id":%d,"mailbox":%s}`, m.ID, body)),
		} {
			if asked.status != 422 || !strings.Contains(string(asked.body), `"`+field+`"`) {
				t.Errorf("%s: %d %s", body, asked.status, asked.body)
			}
		}
	}
	for _, body := range []string{
		`{"smtp":{"host":"imap.aroeira.example","port":465,"security":"tls","user":""}}`, // the same server
		`{"imap":{"host":"","port":993,"security":"tls","user":""},"token_url":""}`,      // none
		`{"imap":{"host":"imap.outro.example","port":993,"security":"tls","user":""},"secret":"outra"}`,
	} {
		admin.call("PATCH", path, "application/json", []byte(body)).want(200)
	}
}
