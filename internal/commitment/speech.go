package commitment

import (
	"slices"
	"strings"
)

// verb is what makes a clause a promise of ours.
type verb struct {
	at   int  // the word in its clause
	sure bool // false: it may mean something else
	past bool // its form may as well be of the past: "ligamos"
}

// verb finds the first verb of ours in a clause.
func (w *language) verb(c clause) (verb, bool) {
	for i, t := range c.tokens {
		if t.mark {
			continue
		}
		if v, ok := w.verbAt(c.tokens, i); ok {
			v.at = i
			return v, true
		}
	}
	return verb{}, false
}

// speaks reports whether a clause has a verb of its own: of ours, or a finite one
// of others that is known.
func (w *language) speaks(c clause) bool {
	if _, ours := w.verb(c); ours {
		return true
	}
	return slices.ContainsFunc(c.tokens, func(t token) bool { return w.others[t.word] })
}

// refused reports whether a clause denies or tells of the past.
func (w *language) refused(c clause, v verb) bool {
	end := min(v.at+2, len(c.tokens))
	return holds(c.tokens[:end], w.negations, w) || holds(c.tokens, w.gone, w)
}

// reported reports whether somebody else has said what stands here.
func (w *language) reported(all []token, at token) bool {
	for i, t := range all {
		if t.from >= at.from {
			return false
		}
		if w.reports[t.word] && (i == 0 || !w.selves[all[i-1].word]) {
			return true
		}
	}
	return false
}

// conditional reports whether a sentence holds only if something happens first.
func (s sentence) conditional(w *language) bool {
	if s.has(w.conditions, w) {
		return true
	}
	for i, t := range s.tokens {
		if w.unless == "" || t.word != w.unless {
			continue
		}
		before, next := at(s.tokens, i-1), at(s.tokens, i+1)
		switch {
		case slices.Contains(w.negations, before): // "não se preocupe"
		case before == "" && next != "", onlyIf[before], afterIf[next]:
			return true
		}
	}
	return false
}

// Where the word for "if" is no reflexive pronoun and no "yes".
var (
	onlyIf  = set("e mas ou porem so apenas somente mesmo que y pero solo")
	afterIf = set(`o a os as voce voces houver nao for forem tiver precisar quiser eu nos ele ela eles elas tudo der preferir puder possivel necessario isso enviar
		confirmar el la usted no hay tiene quiere`)
)

// attribute reports whether a time belongs to a noun and not to the verb: "sobre
// o boleto com vencimento na sexta", "a visita de quinta".
func attribute(ts []token, verb int, m moment) bool {
	if m.from > 0 && m.day != inSpan && !m.until && (attributes[ts[m.from-1].word] || m.from > 1 && passed[ts[m.from-1].word] && attributes[ts[m.from-2].word]) {
		return true
	}
	for i := min(verb+1, m.from); i < m.from; i++ {
		if dated[ts[i].word] {
			return true
		}
	}
	return false
}

// attributes bind a time to the noun before it; passed may stand between.
var (
	attributes = set("de do da dos das desde del of since sobre")
	passed     = set("dia o a feira the")
	dated      = set(`vencimento validade vence vencem vencendo venceu valido valida agendado agendada agendados agendadas marcado marcada previsto prevista
		programado programada emitido emitida comprado comprada feito feita aberto aberta registrado registrada recebido recebida pago paga postado postada
		enviado enviada datado datada vencida vencido expira expires due scheduled dated vencida programada pagado`)
)

// set makes a set of words that stand in a text.
func set(words string) map[string]bool {
	all := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		all[word] = true
	}
	return all
}

// Portuguese --------------------------------------------------------------

// firstPerson are forms of the present that only "eu" has. Those that are nouns,
// too, need a place where no noun can stand.
var (
	firstPerson = set("ligo telefono respondo mando volto resolvo providencio agendo devolvo encaminho verifico")
	nounLike    = set("retorno envio aviso confirmo")
	afterNoun   = set("da do de das dos e sera foi esta") // "envio da nota"
	withObject  = map[string][]string{
		"entro": {"em contato"}, "entramos": {"em contato"}, "faco": {"contato", "o contato", "um contato", "a devolucao", "o estorno"},
		"fazemos": {"contato", "o contato", "um contato", "a devolucao", "o estorno"},
		"dou":     {"retorno", "um retorno", "uma resposta", "o retorno", "uma posicao", "noticias", "resposta", "uma devolutiva"},
		"damos":   {"retorno", "um retorno", "uma resposta", "o retorno", "uma posicao", "noticias", "resposta", "uma devolutiva"},
		"passo":   {"um retorno", "uma posicao", "uma resposta", "a resposta"},
	}
	eitherTense = set("retornamos ligamos telefonamos respondemos enviamos mandamos avisamos voltamos resolvemos devolvemos encaminhamos entramos")
	auxiliaries = set("vou vamos irei iremos")
	between     = set("te lhe lhes o a os as ja nos me eu entao sim logo")
	idle        = set(`aguardar esperar ficar ser ter poder precisar querer ver saber supor torcer conhecer achar gostar dever acreditar estar continuar manter seguir`)
	waning      = set("tentar tentarei tentaremos poderei poderemos deverei deveremos")
	notFuture   = set(`queremos requeremos teremos terei seremos serei estaremos estarei ficaremos ficarei aguardaremos aguardarei esperaremos esperarei precisaremos
		precisarei saberemos saberei veremos verei irei iremos rei remos continuaremos manteremos seguiremos acreditaremos inquerimos sabemos`)
	teamNouns  = set("equipe time setor area tecnico tecnica departamento financeiro gerente supervisor especialista atendente consultor consultora central logistica")
	theirs     = set("nossa nosso")
	passive    = set("sera serao")
	settled    = set(`enviado enviada enviados respondido respondida resolvido resolvida estornado estornada devolvido devolvida creditado creditada concluido concluida feito feita realizado realizada entregue solucionado solucionada`)
	receives   = set("recebera receberao tera terao")
	answers    = set("resposta retorno posicao solucao devolutiva reembolso estorno contato")
	pronounFor = set("eu nos e mas te lhe entao ja que ok certo combinado oi ola perfeito sim tambem assim logo")
)

func portugueseVerb(ts []token, i int) (verb, bool) {
	t := ts[i].word
	next := func(n int) string {
		if i+n < len(ts) {
			return ts[i+n].word
		}
		return ""
	}
	switch {
	case firstPerson[t]:
		return verb{sure: next(1) != "que"}, next(1) != "que"
	case nounLike[t]:
		if i > 0 && !pronounFor[ts[i-1].word] && !afterTime(ts[i-1].word) || afterNoun[next(1)] || next(1) == "que" || next(1) == "ao" && t == "aviso" {
			return verb{}, false
		}
		return verb{sure: true}, true
	case len(withObject[t]) > 0:
		for _, object := range withObject[t] {
			for skip := 1; skip <= 3; skip++ { // "damos a você um retorno"
				if follows(ts, i+skip, object) {
					return verb{sure: true, past: eitherTense[t]}, true
				}
			}
		}
		return verb{}, false
	case eitherTense[t]:
		return verb{sure: true, past: true}, next(1) != "que"
	case auxiliaries[t]:
		return infinitive(ts, i)
	case t == "comprometo" || t == "comprometemos" || t == "prometo" || t == "prometemos":
		for n := 1; n <= 3; n++ {
			if isInfinitive(next(n)) && !idle[next(n)] {
				return verb{sure: true}, true
			}
		}
		return verb{sure: false}, next(1) == "que" || next(1) != ""
	case (t == "estarei" || t == "estaremos") && strings.HasSuffix(next(1), "ndo"):
		return verb{sure: !idle[infinitiveOf(next(1))]}, !idle[infinitiveOf(next(1))]
	case waning[t]:
		return verb{}, true
	case future(t):
		return verb{sure: true}, true
	case theirs[t]:
		return team(ts, i)
	case passive[t] && settled[next(1)], receives[t] && (answers[next(1)] || answers[next(2)]):
		return verb{}, true
	}
	return verb{}, false
}

// afterTime reports whether a word ends a time: "hoje até 18h retorno".
func afterTime(word string) bool { return timeEnds[word] || word[0] >= '0' && word[0] <= '9' }

var timeEnds = set("hoje amanha segunda terca quarta quinta sexta sabado domingo feira uteis horas hora h dia dias minutos semana semanas manha tarde noite mes")

// future reports whether a word is a future of the first person.
func future(t string) bool {
	if notFuture[t] {
		return false
	}
	for _, ending := range []string{"arei", "erei", "irei", "orei", "aremos", "eremos", "iremos", "oremos"} {
		if strings.HasSuffix(t, ending) && len(t) >= len(ending)+1 {
			return true
		}
	}
	return false
}

func isInfinitive(t string) bool {
	return len(t) > 2 && (strings.HasSuffix(t, "ar") || strings.HasSuffix(t, "er") || strings.HasSuffix(t, "ir") || strings.HasSuffix(t, "or"))
}

// infinitiveOf undoes a gerund, near enough to look it up: aguardando, aguardar.
func infinitiveOf(gerund string) string { return strings.TrimSuffix(gerund, "ndo") + "r" }

// infinitive is "vou retornar", "vamos estar retornando".
func infinitive(ts []token, i int) (verb, bool) {
	for n := i + 1; n < len(ts) && n <= i+3; n++ {
		t := ts[n].word
		switch {
		case between[t]:
		case t == "estar" && n+1 < len(ts) && strings.HasSuffix(ts[n+1].word, "ndo"):
			return verb{sure: true}, !idle[infinitiveOf(ts[n+1].word)]
		case waning[t]:
			return verb{}, true
		case isInfinitive(t):
			return verb{sure: true}, !idle[t]
		default:
			return verb{}, false
		}
	}
	return verb{}, false
}

// team is "nossa equipe entrará em contato": ours, though not the first person.
func team(ts []token, i int) (verb, bool) {
	if i+1 >= len(ts) || !teamNouns[ts[i+1].word] {
		return verb{}, false
	}
	for n := i + 2; n < len(ts) && n <= i+5; n++ {
		t := ts[n].word
		switch {
		case t == "nao":
			return verb{}, false
		case t == "vai" && n+1 < len(ts) && isInfinitive(ts[n+1].word):
			return verb{sure: true}, !idle[ts[n+1].word]
		case len(t) > 4 && strings.HasSuffix(t, "ra") && (strings.HasSuffix(t, "ara") || strings.HasSuffix(t, "era") || strings.HasSuffix(t, "ira")):
			return verb{sure: true}, t != "podera" && t != "devera" && t != "ficara" && t != "precisara"
		}
	}
	return verb{}, false
}

// Spanish -----------------------------------------------------------------

var (
	spanishFirst = set("respondo llamo vuelvo devuelvo resuelvo contesto")
	spanishNext  = set(`llamare llamaremos respondere responderemos enviare enviaremos avisare avisaremos volvere volveremos contactare contactaremos
		contestare contestaremos devolvere devolveremos resolvere resolveremos informare informaremos dare daremos comunicare comunicaremos pondre pondremos hare haremos`)
	spanishIdle = set("esperar estar ser tener poder ver saber quedar necesitar querer")
)

func spanishVerb(ts []token, i int) (verb, bool) {
	t := ts[i].word
	switch {
	case spanishFirst[t], spanishNext[t]:
		return verb{sure: true}, true
	case t == "envio" && (i == 0 || ts[i-1].word == "le" || ts[i-1].word == "te"):
		return verb{sure: true}, true
	case t == "comunico" && i > 0 && ts[i-1].word == "me":
		return verb{sure: true}, true
	case (t == "voy" || t == "vamos") && i+2 < len(ts) && ts[i+1].word == "a":
		v := ts[i+2].word
		if strings.HasPrefix(v, "intentar") {
			return verb{}, true
		}
		for _, pronoun := range []string{"le", "les", "te", "lo", "la", "nos", "me"} {
			if s := strings.TrimSuffix(v, pronoun); s != v && isInfinitive(s) {
				v = s
			}
		}
		return verb{sure: true}, isInfinitive(v) && !spanishIdle[v]
	}
	return verb{}, false
}

// English -----------------------------------------------------------------

var (
	englishWill = set("will shall")
	englishHave = set("i'll we'll")
	englishIdle = set("wait be need have see know hope want like love remain stay await")
	englishSoft = set("try")
	englishFill = set("then also definitely gladly personally certainly")
	englishWe   = set("i we")
)

func englishVerb(ts []token, i int) (verb, bool) {
	t, n := ts[i].word, i
	switch {
	case englishHave[t]:
		n = i + 1
	case englishWe[t] && i+1 < len(ts) && englishWill[ts[i+1].word]:
		n = i + 2
	case (t == "i'm" || t == "we're") && follows(ts, i+1, "going to"):
		n = i + 3
	case (t == "i" || t == "we") && (follows(ts, i+1, "am going to") || follows(ts, i+1, "are going to")):
		n = i + 4
	case t == "our" && i+2 < len(ts) && ts[i+1].word == "team" && ts[i+2].word == "will":
		n = i + 3
	default:
		return verb{}, false
	}
	for n < len(ts) && englishFill[ts[n].word] {
		n++
	}
	if n >= len(ts) || ts[n].mark || ts[n].word == "not" || ts[n].word == "never" || englishIdle[ts[n].word] {
		return verb{}, false
	}
	return verb{sure: !englishSoft[ts[n].word]}, true
}
