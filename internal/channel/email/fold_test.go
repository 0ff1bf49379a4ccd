package email

import (
	"strings"
	"testing"
	"time"
)

const original = "> Olá,\n>\n> recebemos seu pedido.\n> Equipe SAC"

func TestFold(t *testing.T) {
	t.Parallel()
	outlook := "De: SAC <sac@empresa.example>\nEnviada em: segunda-feira, 2 de março de 2026 10:00\nPara: Ana\nAssunto: RES: pedido\n\nRecebemos seu pedido."
	disclaimer := "Esta mensagem e seus anexos podem conter informações confidenciais. Se você não é o destinatário, apague-a."
	for name, tt := range map[string]struct{ in, fresh, folded string }{
		"nothing to fold": {"Quero trocar.\n\nAtenciosamente,\nAna", "Quero trocar.\n\nAtenciosamente,\nAna", ""},
		"Gmail, pt":       {"Quero trocar.\n\nEm seg., 2 de mar. de 2026 às 10:00, SAC <sac@empresa.example> escreveu:\n\n" + original, "Quero trocar.", "Em seg., 2 de mar. de 2026 às 10:00, SAC <sac@empresa.example> escreveu:\n\n" + original},
		"Gmail, wrapped":  {"Quero trocar.\n\nEm seg., 2 de mar. de 2026 às 10:00, SAC da Empresa <\nsac@empresa.example> escreveu:\n\n" + original, "Quero trocar.", "Em seg., 2 de mar. de 2026 às 10:00, SAC da Empresa <\nsac@empresa.example> escreveu:\n\n" + original},
		"Gmail, en":       {"Please exchange.\n\nOn Mon, Mar 2, 2026 at 10:00 AM SAC <sac@empresa.example> wrote:\n" + original, "Please exchange.", "On Mon, Mar 2, 2026 at 10:00 AM SAC <sac@empresa.example> wrote:\n" + original},
		"Gmail, es":       {"Quiero cambiar.\n\nEl lun, 2 mar 2026 a las 10:00, SAC (<sac@empresa.example>) escribió:\n" + original, "Quiero cambiar.", "El lun, 2 mar 2026 a las 10:00, SAC (<sac@empresa.example>) escribió:\n" + original},
		"Thunderbird":     {"Quero trocar.\n\nEm 02/03/2026 10:00, SAC escreveu:\n" + original, "Quero trocar.", "Em 02/03/2026 10:00, SAC escreveu:\n" + original},
		"Apple Mail":      {"Quero trocar.\n\nEnviado do meu iPhone\n\n> Em 2 de mar. de 2026, à(s) 10:00, SAC <sac@empresa.example> escreveu:\n> \n> Olá", "Quero trocar.", "Enviado do meu iPhone\n\n> Em 2 de mar. de 2026, à(s) 10:00, SAC <sac@empresa.example> escreveu:\n> \n> Olá"},
		"Outlook, pt":     {"Quero trocar.\n\n" + outlook, "Quero trocar.", outlook},
		"Outlook, rule":   {"Quero trocar.\n\n________________________________\n" + outlook, "Quero trocar.", "________________________________\n" + outlook},
		"Outlook, bold":   {"Quero trocar.\n\n*De:* SAC\n*Enviado:* ontem\n*Para:* Ana\n*Assunto:* x\n\nolá", "Quero trocar.", "*De:* SAC\n*Enviado:* ontem\n*Para:* Ana\n*Assunto:* x\n\nolá"},
		"Outlook, en":     {"Exchange it.\n\nFrom: SAC\nSent: Monday\nTo: Ana\nSubject: x\n\nhello", "Exchange it.", "From: SAC\nSent: Monday\nTo: Ana\nSubject: x\n\nhello"},
		"Outlook, es":     {"Cámbienlo.\n\nDe: SAC\nEnviado el: lunes\nPara: Ana\nAsunto: x\n\nhola", "Cámbienlo.", "De: SAC\nEnviado el: lunes\nPara: Ana\nAsunto: x\n\nhola"},
		"original":        {"Quero trocar.\n\n-----Mensagem original-----\nDe: SAC\n\nolá", "Quero trocar.", "-----Mensagem original-----\nDe: SAC\n\nolá"},
		"Yahoo":           {"Quero trocar.\n\nEm segunda-feira, 2 de março de 2026 10:00:00 BRT, SAC <sac@empresa.example> escreveu:\n\nRecebemos seu pedido.", "Quero trocar.", "Em segunda-feira, 2 de março de 2026 10:00:00 BRT, SAC <sac@empresa.example> escreveu:\n\nRecebemos seu pedido."},
		"signature":       {"Quero trocar.\n\n-- \nAna Souza\n(11) 98765-4321", "Quero trocar.", "-- \nAna Souza\n(11) 98765-4321"},
		"phone":           {"Quero trocar.\n\nObter o Outlook para Android", "Quero trocar.", "Obter o Outlook para Android"},
		"post office":     {"Quero trocar.\n\nEnviado pelo correio ontem", "Quero trocar.\n\nEnviado pelo correio ontem", ""},
		"disclaimer":      {"Quero trocar.\nAna\n\n" + disclaimer, "Quero trocar.\nAna", disclaimer},
		"all of it":       {"Quero trocar.\n\n-- \nAna\n\n" + disclaimer + "\n\nEm 02/03/2026 10:00, SAC escreveu:\n" + original, "Quero trocar.", "-- \nAna\n\n" + disclaimer + "\n\nEm 02/03/2026 10:00, SAC escreveu:\n" + original},
		"below the quote": {"Quero trocar.\n\nEm 02/03/2026 10:00, SAC escreveu:\n" + original + "\n\n-- \nAna", "Quero trocar.", "Em 02/03/2026 10:00, SAC escreveu:\n" + original + "\n\n-- \nAna"},
		"only quoted":     {original, original, ""},
		"only Outlook":    {outlook, outlook, ""},
		"forward alone":   {"---------- Forwarded message ---------\nDe: Loja <loja@x.example>\nDate: ontem\nSubject: nota\nTo: Ana\n\nSua nota", "---------- Forwarded message ---------\nDe: Loja <loja@x.example>\nDate: ontem\nSubject: nota\nTo: Ana\n\nSua nota", ""},
		"forward":         {"Vejam.\n\n---------- Mensagem encaminhada ---------\nDe: Loja\n\nSua nota", "Vejam.\n\n---------- Mensagem encaminhada ---------\nDe: Loja\n\nSua nota", ""},
		"inline":          {"Em 02/03/2026 10:00, SAC escreveu:\n> Qual o pedido?\n\n123\n\n> Qual o CPF?\n\n456", "Em 02/03/2026 10:00, SAC escreveu:\n> Qual o pedido?\n\n123\n\n> Qual o CPF?\n\n456", ""},
		"inline and tail": {"> Qual o pedido?\n123\n> Qual o CPF?\n456\n> Obrigado", "> Qual o pedido?\n123\n> Qual o CPF?\n456\n> Obrigado", ""},
		"short above":     {"Em 02/03/2026 10:00, SAC escreveu:\n> Qual o pedido?\n\n123", "Em 02/03/2026 10:00, SAC escreveu:\n> Qual o pedido?\n\n123", ""},
		"long above":      {"Em 02/03/2026 10:00, SAC escreveu:\n" + strings.Repeat("> linha\n", 12) + "\nÉ o pedido 123", "É o pedido 123", "Em 02/03/2026 10:00, SAC escreveu:\n" + strings.TrimSpace(strings.Repeat("> linha\n", 12))},
		"a colon":         {"De: São Paulo\nPara: Recife\nO voo atrasou.", "De: São Paulo\nPara: Recife\nO voo atrasou.", ""},
		"a story":         {"No dia 2 o gerente me escreveu:\n\nnão vamos trocar\n\nAchei um absurdo.", "No dia 2 o gerente me escreveu:\n\nnão vamos trocar\n\nAchei um absurdo.", ""},
	} {
		fresh, folded := Fold(tt.in)
		if fresh != tt.fresh || folded != tt.folded {
			t.Errorf("%s:\n got %q | %q\nwant %q | %q", name, fresh, folded, tt.fresh, tt.folded)
		}
	}
}

func TestMarkupThatTellsQuotesAndSignatures(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ in, fresh, inFolded string }{
		"Gmail":   {`<div dir="ltr">Quero trocar.</div><br><div class="gmail_quote"><div class="gmail_attr">Em seg., 2 de mar. de 2026 às 10:00, SAC &lt;<a href="mailto:sac@empresa.example">sac@empresa.example</a>&gt; escreveu:<br></div><blockquote class="gmail_quote">Olá<br>Recebemos</blockquote></div>`, "Quero trocar.", "> Olá\n> Recebemos"},
		"OWA":     {`<div>Quero trocar.</div><hr><div id="divRplyFwdMsg"><b>De:</b> SAC<br><b>Enviado:</b> ontem</div><div>Recebemos</div>`, "Quero trocar.", "Recebemos"},
		"Outlook": {`<p>Quero trocar.</p><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p><b>De:</b> SAC</p></div><p>Recebemos</p>`, "Quero trocar.", "Recebemos"},
		"Yahoo":   {`<div>Quero trocar.</div><div class="yahoo_quoted"><div>Em segunda-feira, SAC escreveu:</div><div>Recebemos</div></div>`, "Quero trocar.", "Recebemos"},
		"Apple":   {`Quero trocar.<br><br><div>Enviado do meu iPhone</div><blockquote type="cite">Em 2 de mar. de 2026, à(s) 10:00, SAC escreveu:<br><br></blockquote><blockquote type="cite">Recebemos</blockquote>`, "Quero trocar.", "> Recebemos"},
		"moz":     {`<p>Quero trocar.</p><pre class="moz-signature">-- <br>Ana</pre><div class="moz-cite-prefix">Em 02/03/2026 10:00, SAC escreveu:</div><blockquote type="cite">Recebemos</blockquote>`, "Quero trocar.", "> Recebemos"},
		"signed":  {`<div>Quero trocar.</div><div class="gmail_signature">Ana Souza<br>Diretora</div>`, "Quero trocar.", "Diretora"},
	} {
		m := parse(t, "From: a@b.co\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"+tt.in)
		if m.Text != tt.fresh || !strings.Contains(m.Folded, tt.inFolded) {
			t.Errorf("%s: %q | %q", name, m.Text, m.Folded)
		}
	}
}

func TestMarkupAsText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"<p>Um</p><p>Dois<br>Três</p>":                                                             "Um\n\nDois\nTrês",
		"<ul><li>a<li>b</ul><ol><li>c</li><li>d <ul><li>e</ul></ol>":                               "- a\n- b\n1. c\n2. d\n  - e",
		"<table><tr><td>Pedido</td><td>123</td></tr><tr><td>Valor</td><td>R$ 10</td></tr></table>": "Pedido 123\nValor R$ 10",
		`<a href="https://x.example/a">aqui</a> e <a href="https://x.example/">x.example</a>`:      "aqui (https://x.example/a) e x.example",
		`<img alt="Foto do defeito" src="cid:1"> <img src="cid:2">`:                                "[Foto do defeito]",
		"<style>p{}</style><script>x</script><title>t</title>só isto":                              "só isto",
		"<pre>a\n  b</pre>":     "a\n  b",
		"a<svg><text>b</text>c": "abc",
		"1 &lt; 2 &amp; 3":      "1 < 2 & 3",
	} {
		if got := strings.TrimSpace(htmlText(in)); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestAttack90FoldingIsLinear(t *testing.T) {
	t.Parallel()
	for name, unit := range map[string]string{
		"quotes": "> a\n", "blank": "\n", "attributions": "Em a, b escreveu:\n", "headers": "De: a\n", "dashes": "-----\n", "signatures": "-- \n",
		"on": "On a\n", "disclaimers": "Esta mensagem é confidencial\n\n", "mixed": "> a\nb\n", "rule": "_ _ _ -\n", "phones": "Enviado do meu iPhone\n",
	} {
		text := strings.Repeat(unit, MaxText/len(unit))
		start := time.Now()
		Fold(text)
		Fold(strings.ReplaceAll(text, "\n", " "))
		if took := time.Since(start); took > time.Second*slowness {
			t.Errorf("%s: %v", name, took)
		}
	}
}
