package ombudsman

import (
	"strings"
	"unicode/utf8"

	"github.com/escuta-sac/escuta/internal/folding"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// stallingWords say that we are at it, in the folded spelling of package folding.
// An answer that has nothing beside them and politeness is none (ANS RN 623/2024
// refuses "em análise" and "em processamento" as an answer; Decreto 11.034/2022
// art. 13 par. 1 wants a conclusive one).
var stallingWords = folded(`análise analisado analisada analisando processamento processado processada processando andamento
	tratativa tratamento verificação verificando verificado verificada apuração apurando encaminhado encaminhada
	aguarde aguardando aguardar aguardamos breve retorno retornar retornaremos prazo providência providências setor responsável área
	pending processing review reviewing wait progress`)

// politeWords are what such an answer is wrapped in.
var politeWords = folded(`a o as os um uma e é em de do da dos das no na nos nas por para pelo pela que se com ao à sua seu suas seus
	esta está estão este essa esse estamos encontra encontram segue foi será sendo ainda já assim logo mais tudo isso
	demanda reclamação solicitação pedido caso manifestação protocolo contato mensagem questão situação assunto denúncia
	prezado prezada senhor senhora sr sra cliente consumidor bom boa dia tarde noite olá oi caro cara você nos nós nossa nosso
	informamos informo informar comunicamos esclarecemos agradecemos agradeço obrigado obrigada lamentamos
	atenciosamente cordialmente att ouvidoria equipe atendimento disposição permanecemos empresa
	the is in your our we are it please thank you under`)

func folded(words string) map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(folding.Fold(words)) {
		all[w] = true
	}
	return all
}

// stalls reports whether a text only says that we are at it: at least one word
// that does, and besides nothing but politeness.
func stalls(text string) bool {
	found := false
	for _, w := range strings.FieldsFunc(folding.Fold(text), func(r rune) bool {
		return !('a' <= r && r <= 'z' || '0' <= r && r <= '9')
	}) {
		switch {
		case stallingWords[w]:
			found = true
		case !politeWords[w]:
			return false
		}
	}
	return found
}

// checkText returns a text as it will be stored, at most max runes of it.
func checkText(field, text string, max int) (string, error) {
	text, err := ticket.CheckBody(field, text)
	if err == nil && utf8.RuneCountInString(text) > max {
		err = wrong(field, "too_long", max)
	}
	return text, err
}
