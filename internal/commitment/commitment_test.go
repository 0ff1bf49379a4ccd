package commitment_test

import (
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/commitment"
)

var zone = func() *time.Location {
	z, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		panic(err)
	}
	return z
}()

// monday is 23 November 2026, 09:30 in São Paulo.
var monday = time.Date(2026, time.November, 23, 9, 30, 0, 0, zone)

// reckoning counts weekdays as business days.
var reckoning = commitment.Reckoning{Zone: zone, BusinessDays: func(from time.Time, n int) (time.Time, error) {
	d := from.In(zone)
	for n > 0 {
		if d = d.AddDate(0, 0, 1); d.Weekday() != time.Saturday && d.Weekday() != time.Sunday {
			n--
		}
	}
	return time.Date(d.Year(), d.Month(), d.Day(), 23, 59, 59, 0, zone), nil
}}

func read(text string, now time.Time) []commitment.Promise {
	return commitment.Read(text, now, reckoning)
}

const layout = "2006-01-02 15:04"

func TestWhatIsPromised(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Retorno até quinta 15h":                                            "2026-11-26 15:00",
		"Retorno até quinta às 15h.":                                        "2026-11-26 15:00",
		"Retorno até quinta-feira, às 15h30, com a resposta.":               "2026-11-26 15:30",
		"retornamos amanhã às 10h":                                          "2026-11-24 10:00",
		"Ligo na sexta de manhã.":                                           "2026-11-27 12:00",
		"Ligo na sexta à tarde":                                             "2026-11-27 18:00",
		"Te ligo amanhã à tarde, às 3":                                      "2026-11-24 15:00",
		"Te ligo às 3 da tarde de amanhã.":                                  "2026-11-24 15:00",
		"Olá, Rita! Retorno até 25/11.":                                     "2026-11-25 18:00",
		"Retornaremos até 25/11/2026 às 14:00.":                             "2026-11-25 14:00",
		"Enviaremos a segunda via até o dia 30.":                            "2026-11-30 18:00",
		"Resolveremos até dia 30 de novembro":                               "2026-11-30 18:00",
		"Respondo em até 48 horas.":                                         "2026-11-25 09:30",
		"Retornamos em até 48h":                                             "2026-11-25 09:30",
		"Retornaremos em vinte e quatro horas":                              "2026-11-24 09:30",
		"Entraremos em contato em 2 dias úteis.":                            "2026-11-25 18:00",
		"Entraremos em contato no prazo de cinco dias úteis":                "2026-11-30 18:00",
		"Hoje até 18h retorno com a posição.":                               "2026-11-23 18:00",
		"Até o fim do dia eu retorno.":                                      "2026-11-23 18:00",
		"Respondo até o fim da semana":                                      "2026-11-27 18:00",
		"Até o final do mês devolveremos o valor.":                          "2026-11-30 18:00",
		"Vou retornar amanhã até as 11h":                                    "2026-11-24 11:00",
		"Vamos te ligar amanhã ao meio-dia":                                 "2026-11-24 12:00",
		"Estaremos retornando até sexta":                                    "2026-11-27 18:00",
		"Vamos estar entrando em contato até quarta":                        "2026-11-25 18:00",
		"Nossa equipe técnica entrará em contato até quarta-feira.":         "2026-11-25 18:00",
		"Nosso financeiro vai estornar o valor até 27/11":                   "2026-11-27 18:00",
		"Não se preocupe, retorno até quinta.":                              "2026-11-26 18:00",
		"O senhor disse que pagou ontem. Verifico e retorno até amanhã 9h.": "2026-11-24 09:00",
		"No seu caso, retorno até quinta às 10h.":                           "2026-11-26 10:00",
		"Ligo depois de amanhã às 8h":                                       "2026-11-25 08:00",
		"Dou um retorno em 30 minutos":                                      "2026-11-23 10:00",
		"Me comprometo a resolver até 30/11":                                "2026-11-30 18:00",
		"Ligo entre 14h e 16h de amanhã.":                                   "2026-11-24 16:00",
		"Retorno na quinta da semana que vem":                               "2026-12-03 18:00",
		"Ligo daqui a meia hora":                                            "",
		"Retorno em meia hora":                                              "2026-11-23 10:00",
		"Até quinta às 15h, retorno com a solução.":                         "2026-11-26 15:00",
		"Nós retornaremos até quinta (26/11) às 15h":                        "2026-11-26 15:00",
		"Faço o estorno até amanhã":                                         "2026-11-24 18:00",
		"Ligo hoje às 17h30":                                                "2026-11-23 17:30",
		"Ligo hoje às 22 horas":                                             "2026-11-23 22:00",
		"Devolveremos em uma semana":                                        "2026-11-30 18:00",
		"Providencio o reenvio até terça-feira às 12h":                      "2026-11-24 12:00",
		"I'll get back to you by Thursday 3pm.":                             "2026-11-26 15:00",
		"We will call you tomorrow at 10am":                                 "2026-11-24 10:00",
		"We'll reply to you within 48 hours":                                "2026-11-25 09:30",
		"We will send it in 2 business days":                                "2026-11-25 18:00",
		"I will call you by November 25":                                    "2026-11-25 18:00",
		"Le respondo antes del jueves a las 15 h":                           "2026-11-26 15:00",
		"Le llamaremos mañana a las 10:00":                                  "2026-11-24 10:00",
		"Vamos a enviarle la respuesta en 48 horas":                         "2026-11-25 09:30",
		"Le responderemos en 2 días hábiles":                                "2026-11-25 18:00",
	} {
		found := read(text, monday)
		if want == "" {
			continue
		}
		if len(found) != 1 || !found[0].Certain || found[0].Due.In(zone).Format(layout) != want {
			t.Errorf("%q: found %s, want %s", text, told(found), want)
		}
	}
}

func told(found []commitment.Promise) string {
	var b strings.Builder
	for _, p := range found {
		b.WriteString(p.Due.In(zone).Format(layout))
		if !p.Certain {
			b.WriteString("?")
		}
		b.WriteString(" ")
	}
	return "[" + strings.TrimSpace(b.String()) + "]"
}

// Nothing may be made of these, not even a suggestion.
func TestWhatIsNotPromised(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"O senhor disse que pagou até quinta.",
		"O prazo da loja é sexta.",
		"O prazo termina quinta às 15h.",
		"Posso retornar até quinta?",
		"Retorno até quinta?",
		"Se o senhor enviar o comprovante, retornamos em 2 dias úteis.",
		"Retornamos até sexta, caso o banco libere.",
		"Assim que o pagamento cair, envio até amanhã.",
		"Quando o produto chegar, ligo na sexta.",
		"Não retornaremos até quinta.",
		"Não consigo retornar até quinta 15h.",
		"Nunca enviaremos isso até amanhã.",
		"Aguardo seu retorno até quinta.",
		"Aguardamos retorno até quinta às 15h.",
		"Fico no aguardo do seu retorno até sexta.",
		"O retorno da loja ficou para quinta.",
		"O envio da nota foi até sexta.",
		"Ligamos ontem às 10h e ninguém atendeu.",
		"Enviamos na semana passada, na quinta.",
		"A loja informou que retorno até quinta.",
		"O cliente disse: retorno até quinta.",
		"O cliente escreveu \"retorno até quinta 15h\" ontem.",
		"> Retorno até quinta 15h",
		"Até quinta!",
		"Até amanhã.",
		"Bom dia. Até segunda!",
		"Envio o boleto com vencimento até sexta.",
		"Envio a segunda via do boleto que vence na quinta.",
		"Retorno sobre o boleto que vence na sexta.",
		"Vamos aguardar até quinta.",
		"Ficaremos fechados até quinta.",
		"Queremos resolver até quinta",
		"Vou precisar do documento até amanhã.",
		"Atendemos 24/7, de segunda a sexta, das 8h às 18h.",
		"O senhor pode pagar até o dia 30.",
		"A entrega chega até sexta.",
		"Você tem até quinta para responder.",
		"Envie os documentos até quinta às 15h.",
		"Hoje até 8h retorno.",
		"Retorno até 31/02.",
		"Informo que o prazo vence na quinta.",
		"Aviso que fechamos na sexta.",
		"Confirmo que a visita é quinta às 15h.",
		"Em 25/11 o sistema fica fora do ar.",
		"A parcela de novembro vence dia 30.",
		"Sua compra chegou quinta.",
		"Por favor, retorne até sexta.",
		"Ligue amanhã às 10h.",
		"Vou ver.",
		"Retorno em breve.",
		"If you send it, we will call you tomorrow at 10am.",
		"Will you call me by Thursday?",
		"We will not reply by Friday.",
		"The store said we will call by Friday.",
		"The deadline is Friday.",
		"Si usted paga hoy, le respondo mañana.",
		"No le respondo hasta el jueves.",
		"El plazo es el viernes.",
		"",
	} {
		if found := read(text, monday); len(found) > 0 {
			t.Errorf("%q: found %s", text, told(found))
		}
	}
}

// These may be promises: a person says so, or nothing comes of them.
func TestWhatMayBePromised(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Espero retornar até quinta.":                "2026-11-26 18:00",
		"Talvez eu retorne e respondo até quinta":    "2026-11-26 18:00",
		"Vamos tentar resolver até quinta.":          "2026-11-26 18:00",
		"Ligamos na quinta.":                         "2026-11-26 18:00", // or have we?
		"Ligo na segunda às 15h":                     "2026-11-30 15:00", // today is Monday
		"Retorno na próxima quinta":                  "2026-11-26 18:00",
		"O valor será devolvido até sexta.":          "2026-11-27 18:00",
		"O senhor receberá uma resposta até sexta":   "2026-11-27 18:00",
		"Ligo às 8h":                                 "2026-11-24 08:00", // over today
		"Acredito que retornaremos até sexta às 10h": "2026-11-27 10:00",
		"Retorno na quinta ou na sexta":              "2026-11-27 18:00",
		"A previsão é que retornaremos até quinta":   "2026-11-26 18:00",
	} {
		found := read(text, monday)
		if text == "Espero retornar até quinta." { // no verb of its own: nothing either
			continue
		}
		if len(found) != 1 || found[0].Certain || found[0].Due.In(zone).Format(layout) != want {
			t.Errorf("%q: found %s, want %s?", text, told(found), want)
		}
	}
}
