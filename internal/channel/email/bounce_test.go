package email

import (
	"fmt"
	"strings"
	"testing"
)

// report is a bounce by RFC 3464 as the big mail servers write it.
func report(from, text, status, returned string) string {
	s := "From: " + from + "\r\nTo: sac@empresa.example\r\nSubject: Undelivered Mail Returned to Sender\r\nReturn-Path: <>\r\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\nMIME-Version: 1.0\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\n" + text + "\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" + status + "\r\n"
	if returned != "" {
		s += "--b\r\n" + returned + "\r\n"
	}
	return s + "--b--\r\n"
}

func TestAttack18BouncesOfCommonServers(t *testing.T) {
	t.Parallel()
	id := testSigner.MessageID(42, 7, "empresa.example")
	whole := "Content-Type: message/rfc822\r\n\r\nFrom: sac@empresa.example\r\nMessage-ID: <" + id + ">\r\nSubject: x\r\n\r\ncorpo"
	headers := "Content-Type: text/rfc822-headers\r\n\r\nMessage-Id:\r\n <" + id + ">\r\nSubject: x\r\n"
	path := testSigner.ReturnPath(99, "empresa.example")
	for name, tt := range map[string]struct {
		raw  string
		want Bounce
	}{
		"Postfix, unknown user": {
			report("MAILER-DAEMON@mx.example (Mail Delivery System)", "This is the mail system at host mx.example.",
				"Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; Ana@cliente.example\r\nOriginal-Recipient: rfc822;ana@cliente.example\r\n"+
					"Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 <ana@cliente.example>: Recipient address rejected: User\r\n    unknown", whole),
			Bounce{OriginalMessageID: id, Recipient: "ana@cliente.example", Outcome: OutcomeFailed, Status: "5.1.1", Hard: true},
		},
		"Postfix, delayed": {
			report("MAILER-DAEMON@mx.example", "", "Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; ana@cliente.example\r\nAction: delayed\r\nStatus: 4.4.1\r\nDiagnostic-Code: X-Postfix; connection timed out", headers),
			Bounce{OriginalMessageID: id, Recipient: "ana@cliente.example", Outcome: OutcomeDelayed, Status: "4.4.1"},
		},
		"sendmail, mailbox full": {
			report("Mail Delivery Subsystem <MAILER-DAEMON@mx.example>", "----- The following addresses had permanent fatal errors -----",
				"Reporting-MTA: dns; mx.example\r\nArrival-Date: Mon, 2 Mar 2026 10:00:00 -0300\r\n\r\nFinal-Recipient: RFC822; ana@cliente.example\r\nAction: failed\r\nStatus: 5.2.2\r\nRemote-MTA: DNS; x.example\r\nDiagnostic-Code: SMTP; 552 5.2.2 over quota", headers),
			Bounce{OriginalMessageID: id, Recipient: "ana@cliente.example", Outcome: OutcomeFailed, Status: "5.2.2"},
		},
		"Exim with a report": {
			report("Mail Delivery System <Mailer-Daemon@mx.example>", "This message was created automatically by mail delivery software.",
				"Reporting-MTA: dns; mx.example\r\n\r\nAction: failed\r\nFinal-Recipient: rfc822;ana@cliente.example\r\nStatus: 5.0.0\r\nRemote-MTA: dns; x.example\r\nDiagnostic-Code: smtp; 550 No such user here", whole),
			Bounce{OriginalMessageID: id, Recipient: "ana@cliente.example", Outcome: OutcomeFailed, Status: "5.0.0", Hard: true},
		},
		"Office 365": {
			report("Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@cliente.example>", "Sua mensagem não pôde ser entregue.",
				"Reporting-MTA: dns;x.outlook.example\r\nReceived-From-MTA: dns;y\r\n\r\nFinal-Recipient: rfc822;ana@cliente.example\r\nAction: failed\r\nStatus: 5.1.10\r\nDiagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", whole),
			Bounce{OriginalMessageID: id, Recipient: "ana@cliente.example", Outcome: OutcomeFailed, Status: "5.1.10", Hard: true},
		},
		"Gmail": {
			report("Mail Delivery Subsystem <mailer-daemon@googlemail.com>", "** O endereço não foi encontrado **",
				"Reporting-MTA: dns; googlemail.com\r\n\r\nFinal-Recipient: rfc822; ana@cliente.example\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.", whole),
			Bounce{OriginalMessageID: id, Recipient: "ana@cliente.example", Outcome: OutcomeFailed, Status: "5.1.1", Hard: true},
		},
		"Amazon SES, refused by policy": {
			report("MAILER-DAEMON@sa-east-1.amazonses.example", "An error occurred while trying to deliver the mail",
				"Reporting-MTA: dns; a.amazonses.example\r\n\r\nAction: failed\r\nFinal-Recipient: rfc822; ana@cliente.example\r\nDiagnostic-Code: smtp; 554 5.7.1 blocked by policy\r\nStatus: 5.7.1", headers),
			Bounce{OriginalMessageID: id, Recipient: "ana@cliente.example", Outcome: OutcomeFailed, Status: "5.7.1"},
		},
		"two recipients, one delivered": {
			report("MAILER-DAEMON@mx.example", "", "Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; bia@cliente.example\r\nAction: relayed\r\nStatus: 2.0.0\r\n\r\nFinal-Recipient: rfc822; ana@cliente.example\r\nAction: failed\r\nStatus: 5.1.2", whole),
			Bounce{OriginalMessageID: id, Recipient: "ana@cliente.example", Outcome: OutcomeFailed, Status: "5.1.2", Hard: true},
		},
		"Exim without a report": {
			"From: Mail Delivery System <Mailer-Daemon@mx.example>\r\nX-Failed-Recipients: ana@cliente.example\r\nSubject: Mail delivery failed: returning message to sender\r\n\r\n" +
				"This message was created automatically by mail delivery software.\r\n\r\n  ana@cliente.example\r\n    host mx.cliente.example [192.0.2.1]\r\n    SMTP error from remote mail server after RCPT TO:<ana@cliente.example>:\r\n    550 5.1.1 user unknown\r\n\r\n" +
				"------ This is a copy of the message, including all the headers. ------\r\n\r\nReturn-path: <sac@empresa.example>\r\nMessage-ID: <" + id + ">\r\n",
			Bounce{OriginalMessageID: id, Recipient: "ana@cliente.example", Outcome: OutcomeFailed, Status: "5.1.1", Hard: true},
		},
		"qmail": {
			"From: MAILER-DAEMON@mx.example\r\nSubject: failure notice\r\n\r\nHi. This is the qmail-send program at mx.example.\r\nI'm afraid I wasn't able to deliver your message to the following addresses.\r\n\r\n" +
				"<ana@cliente.example>:\r\nSorry, no mailbox here by that name. (#5.1.1)\r\n\r\n--- Below this line is a copy of the message.\r\n\r\nReturn-Path: <sac@empresa.example>\r\nMessage-ID: <" + id + ">\r\n",
			Bounce{OriginalMessageID: id, Recipient: "ana@cliente.example", Outcome: OutcomeFailed, Status: "5.1.1", Hard: true},
		},
		"to our return path, nothing else known": {
			"From: postmaster@x.example\r\nTo: " + path + "\r\nReturn-Path: <>\r\nSubject: Falha na entrega\r\n\r\nNão foi possível entregar a ana@cliente.example: caixa cheia",
			Bounce{OutID: 99, Recipient: "ana@cliente.example", Outcome: OutcomeFailed},
		},
		"a read receipt": {
			"From: Ana <ana@cliente.example>\r\nSubject: Lida: x\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n--b\r\n\r\nlida\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n" +
				"Final-Recipient: rfc822; ana@cliente.example\r\nOriginal-Message-ID: <" + id + ">\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n--b--\r\n",
			Bounce{OriginalMessageID: id, Recipient: "ana@cliente.example", Outcome: OutcomeDelivered},
		},
	} {
		m := parse(t, tt.raw)
		if m.Bounce == nil {
			t.Errorf("%s: no bounce; %+v", name, m.Automatic)
			continue
		}
		got := *m.Bounce
		if got.Diagnostic == "" && strings.Contains(tt.raw, "Diagnostic") {
			t.Errorf("%s: no diagnostic", name)
		}
		got.Diagnostic = ""
		if fmt.Sprint(got) != fmt.Sprint(tt.want) || m.Automatic.Class != ClassBounce {
			t.Errorf("%s:\n got %+v (%q)\nwant %+v", name, got, m.Automatic.Class, tt.want)
		}
	}
}

func TestWhatAPersonForwardsIsNoBounce(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"about a bounce": "From: ana@cliente.example\r\nSubject: Undelivered Mail Returned to Sender\r\n\r\nRecebi isto de vocês: 550 5.1.1 user unknown",
		"out of office to our return path": "From: ana@cliente.example\r\nReturn-Path: <>\r\nTo: " + testSigner.ReturnPath(9, "empresa.example") +
			"\r\nAuto-Submitted: auto-replied\r\nSubject: Estou de férias\r\n\r\nVolto dia 10",
	} {
		if m := parse(t, raw); m.Bounce != nil || m.Automatic.Class == ClassBounce {
			t.Errorf("%s: %+v", name, m.Bounce)
		}
	}
}
