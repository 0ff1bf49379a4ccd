package email

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

// winmail is a small TNEF file with a text and one attachment.
func winmail(name string, data []byte) []byte {
	var b bytes.Buffer
	le := binary.LittleEndian
	b.Write(le.AppendUint16(le.AppendUint32(nil, tnefSignature), 1))
	attribute := func(id uint32, data []byte) {
		sum := uint16(0)
		for _, c := range data {
			sum += uint16(c)
		}
		b.WriteByte(1)
		b.Write(le.AppendUint32(le.AppendUint32(nil, id), uint32(len(data))))
		b.Write(data)
		b.Write(le.AppendUint16(nil, sum))
	}
	attribute(attBody, []byte("Corpo do Outlook: ação\x00"[:17]+"\xe7\xe3o\x00"))
	attribute(attRenderData, make([]byte, 14))
	attribute(attTitle, []byte("CURTO~1.TXT\x00"))
	attribute(attData, data)
	long := make([]byte, 0, 2*len(name))
	for _, r := range name + "\x00" {
		long = le.AppendUint16(long, uint16(r))
	}
	props := le.AppendUint32(nil, 1)
	props = le.AppendUint16(props, 0x1f)
	props = le.AppendUint16(props, propLongFile)
	props = le.AppendUint32(le.AppendUint32(props, 1), uint32(len(long)))
	props = append(props, long...)
	for len(props)%4 != 0 {
		props = append(props, 0)
	}
	attribute(attAttachment, props)
	return b.Bytes()
}

func tnefMail(file []byte) string {
	return "From: a@b.co\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nSegue.\r\n" +
		"--x\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString(file) + "\r\n--x--\r\n"
}

func TestAttack34WinmailIsUnpackedAndTheNextMailsAreUntouched(t *testing.T) {
	t.Parallel()
	file := winmail("Comprovante de março.txt", []byte("valor"))
	m := parse(t, tnefMail(file))
	if m.Text != "Segue." || len(m.Parts) != 1 || m.Parts[0].Name != "Comprovante de março.txt" || string(m.Parts[0].Data) != "valor" {
		t.Errorf("%q %v", m.Text, m.Parts)
	}
	m = parse(t, "From: a@b.co\r\nContent-Type: application/ms-tnef\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64.StdEncoding.EncodeToString(file))
	if !strings.HasPrefix(m.Text, "Corpo do Outlook") || len(m.Parts) != 1 {
		t.Errorf("alone: %q %v", m.Text, m.Parts)
	}
	// Cut or bent anywhere, it is read in part or kept as it is; never lost.
	for i := range file {
		bent := slices.Clone(file)
		bent[i] ^= 0xff
		for _, f := range [][]byte{file[:i], bent} {
			if m := parse(t, tnefMail(f)); m.Text != "Segue." || len(m.Parts) == 0 && !slices.Contains(m.Warnings, WarnTNEF) && !bytes.Equal(f, file) && len(f) > 60 {
				t.Fatalf("at %d: %q %v %v", i, m.Text, m.Parts, m.Warnings)
			}
		}
	}
	for range 10 {
		if m := parseHostile(t, "m22"); m.Text != "Reclamação" {
			t.Errorf("the next mail: %q", m.Text)
		}
	}
}

func TestInvitesSaySomething(t *testing.T) {
	t.Parallel()
	invite := "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nDTSTART:19700101T000000\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nSUMMARY:Visita técnica\\, apto\r\n  12\r\n" +
		"DTSTART;TZID=America/Sao_Paulo:20260302T100000\r\nDTEND;TZID=America/Sao_Paulo:20260302T113000\r\nLOCATION:Rua A\\, 1\r\nEND:VEVENT\r\nEND:VCALENDAR"
	m := parse(t, "From: a@b.co\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\n\r\nconvite\r\n--x\r\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\n"+invite+"\r\n--x--")
	if len(m.Parts) != 1 || m.Parts[0].Name != "convite.ics" || m.Parts[0].Note != "Visita técnica, apto 12 · 02/03/2026 10:00–11:30 (America/Sao_Paulo) · Rua A, 1" {
		t.Errorf("%+v", m.Parts)
	}
	for in, want := range map[string]string{
		"BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260302\nSUMMARY:Dia":                       "Dia · 02/03/2026",
		"METHOD:CANCEL\nBEGIN:VEVENT\nSUMMARY:x\nDTSTART:20260302T130000Z\nEND:VEVENT": "Cancelado: x · 02/03/2026 13:00 (UTC)",
		"nada": "", "": "",
	} {
		if got := calendarNote(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestTextsAndImagesFindTheirPlace(t *testing.T) {
	t.Parallel()
	m := parse(t, string(ordinary()))
	if m.Text != "Olá, meu pedido não chegou.\nAna" || !strings.Contains(m.HTML, `src="cid:foto@x"`) || len(m.Parts) != 2 || m.Folded == "" {
		t.Errorf("%q | %q | %q", m.Text, m.Folded, m.HTML)
	}
	if p := m.Parts[0]; p.Name != "foto.jpg" || p.ContentID != "foto@x" || !p.Inline {
		t.Errorf("image: %+v", p)
	}
	if p := m.Parts[1]; p.Name != "Nota fiscal.pdf" || p.Inline || p.Mime != "application/pdf" {
		t.Errorf("file: %+v", p)
	}
	// A mail that was attached stays a file: its text is not its sender's.
	m = parse(t, "From: a@b.co\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nVeja.\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\nOutro texto\r\n--x--")
	if m.Text != "Veja." || len(m.Parts) != 1 || m.Parts[0].Name != "mensagem.eml" || !strings.Contains(string(m.Parts[0].Data), "Outro texto") {
		t.Errorf("%q %v", m.Text, m.Parts)
	}
	m = parse(t, "From: a@b.co\r\nContent-Type: text/plain; format=flowed; delsp=no\r\n\r\nUma linha que \r\ncontinua.\r\nOutra.\r\n> citada \r\n> longa\r\n")
	if m.Text != "Uma linha que continua.\nOutra." || m.Folded != "> citada longa" {
		t.Errorf("flowed: %q | %q", m.Text, m.Folded)
	}
}

// ordinary is a mail as people send them: text and HTML, an image, a file, a
// quotation.
func ordinary() []byte {
	return []byte("Received: from x by y; Mon, 2 Mar 2026 10:00:00 -0300\r\nDKIM-Signature: v=1; a=rsa-sha256; d=cliente.example; s=x; h=from; bh=x; b=y\r\n" +
		"From: =?UTF-8?Q?Ana_Concei=C3=A7=C3=A3o?= <ana@cliente.example>\r\nTo: SAC <sac@empresa.example>\r\nSubject: =?UTF-8?B?UmVjbGFtYcOnw6Nv?=\r\n" +
		"Date: Mon, 2 Mar 2026 10:00:00 -0300\r\nMessage-ID: <CA+abc@mail.cliente.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n" +
		"--m\r\nContent-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n" +
		"--a\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nOl=C3=A1, meu pedido n=C3=A3o chegou.\r\nAna\r\n\r\n" +
		"Em 02/03/2026 09:00, SAC escreveu:\r\n> Seu pedido saiu.\r\n\r\n" +
		"--a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Olá, meu pedido não chegou.<br>Ana <img src=\"cid:foto@x\"></p><blockquote>Seu pedido saiu.</blockquote>\r\n--a--\r\n" +
		"--r\r\nContent-Type: image/jpeg; name=foto.jpg\r\nContent-ID: <foto@x>\r\nContent-Disposition: inline; filename=foto.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		strings.Repeat("/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoH\r\n", 100) + "--r--\r\n" +
		"--m\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename*0*=utf-8''Nota%20; filename*1=fiscal.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n--m--\r\n")
}

func BenchmarkParse(b *testing.B) {
	raw := ordinary()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := Parse(raw, Options{Own: own, Signer: testSigner}); err != nil {
			b.Fatal(err)
		}
	}
}
