package commitment

import "time"

// language is the words by which a language is read, folded.
type language struct {
	known       map[string]bool // by which it is recognised
	verbAt      func(ts []token, i int) (verb, bool)
	others      map[string]bool // finite verbs of others
	that        map[string]bool // after a verb: what follows is told, not promised
	joints      map[string]bool // where another clause begins
	determiners map[string]bool // what stands before a noun
	nouns       map[string]bool // conditions that are nouns, too
	unless      string          // the conjunction that is a pronoun or a yes elsewhere
	and         string
	conditions  []string
	negations   []string
	hedges      []string
	gone        []string // words of the past
	reports     map[string]bool
	selves      map[string]bool // who reports themselves

	relatives  map[string]int
	dayAfter   string
	weekdays   map[string]time.Weekday
	months     map[string]time.Month
	numbers    map[string]int
	units      map[string]unit
	business   map[string]bool
	parts      map[string]int
	noon       string
	ends       map[string]bool
	day        map[string]bool
	week       map[string]bool
	month      map[string]bool
	next       map[string]bool // "próxima"
	coming     string          // "que vem"
	nextWeek   []string
	dated      map[string]bool // "dia 30"
	of         map[string]bool
	until      map[string]bool
	within     map[string]bool
	clocks     map[string]bool // "às 15"
	hourWords  map[string]bool
	glue       map[string]bool
	ordinalOf  map[string]bool // "segunda via"
	monthFirst bool
}

// languageOf is the one most of whose words a text has; Portuguese when in doubt.
func languageOf(all []sentence) *language {
	best, most := &portuguese, 0
	for _, w := range []*language{&portuguese, &spanish, &english} {
		n := 0
		for _, s := range all {
			for _, t := range s.tokens {
				n += b2i(w.known[t.word])
			}
		}
		if n > most {
			best, most = w, n
		}
	}
	return best
}

var portuguese = language{
	known:       set("nao voce voces ate uma um os ao da do em seu sua amanha hoje sera estou na no nas dias uteis retorno retornamos obrigado obrigada ola bom dia pelo pela feira sexta segunda terca quarta quinta as"),
	verbAt:      portugueseVerb,
	others:      set("disse pagou liga ligou retornou vence vencem venceu chega chegou abre fecha funciona atende recebe e foi esta estava tem havia fica pediu quer precisa pode deve vai"),
	that:        set("que"),
	joints:      set("mas porem contudo entretanto pois porque que e onde cujo cuja quem embora enquanto"),
	determiners: set("o a os as um uma seu sua este esse neste nesse deste desse do no cada algum qualquer meu nosso nosso todo outro ao pelo novo"),
	nouns:       set("caso"),
	unless:      "se",
	and:         "e",
	conditions: []string{"caso", "quando", "assim que", "desde que", "contanto que", "a menos que", "logo que", "logo apos", "depois que", "apos", "mediante", "a partir", "sempre que",
		"salvo se", "exceto", "dependendo", "depende", "a depender", "uma vez", "havendo", "tao logo", "somente com", "so depois"},
	negations: []string{"nao", "nunca", "jamais", "sem", "nem", "deixo de", "impossivel"},
	hedges:    []string{"talvez", "provavelmente", "acho", "acredito", "espero", "esperamos", "pretendo", "pretendemos", "quem sabe", "previsao", "estimativa", "tentar", "tentarei", "tentaremos", "possivelmente", "creio", "deve ser", "em media", "geralmente", "normalmente", "costumo", "costumamos", "sempre", "todo dia", "todos os dias", "toda"},
	gone:      []string{"ontem", "anteontem", "passada", "passado", "ja retornamos", "ja ligamos", "ja enviamos", "ja respondemos"},
	reports:   set("disse disseram falou falaram informou informaram prometeu prometeram avisou avisaram comentou escreveu afirmou garantiu garantiram relatou relataram alegou alega respondeu diz dizem mencionou"),
	selves:    set("eu"),

	relatives: map[string]int{"hoje": 0, "amanha": 1},
	dayAfter:  "depois de amanha",
	weekdays: map[string]time.Weekday{"domingo": 0, "segunda": 1, "terca": 2, "quarta": 3, "quinta": 4, "sexta": 5, "sabado": 6,
		"seg": 1, "qui": 4, "sex": 5, "sab": 6},
	months: map[string]time.Month{"janeiro": 1, "fevereiro": 2, "marco": 3, "abril": 4, "maio": 5, "junho": 6, "julho": 7, "agosto": 8, "setembro": 9, "outubro": 10, "novembro": 11, "dezembro": 12,
		"jan": 1, "fev": 2, "abr": 4, "jun": 6, "jul": 7, "ago": 8, "set": 9, "out": 10, "nov": 11, "dez": 12},
	numbers: map[string]int{"um": 1, "uma": 1, "dois": 2, "duas": 2, "tres": 3, "quatro": 4, "cinco": 5, "seis": 6, "sete": 7, "oito": 8, "nove": 9, "dez": 10, "doze": 12,
		"quinze": 15, "vinte": 20, "trinta": 30, "quarenta": 40, "setenta": 70},
	units: map[string]unit{"minuto": minutes, "minutos": minutes, "min": minutes, "mins": minutes, "hora": hours, "horas": hours, "h": hours, "hs": hours, "hrs": hours,
		"dia": days, "dias": days, "semana": weeks, "semanas": weeks},
	business:  set("util uteis"),
	parts:     map[string]int{"manha": noon, "tarde": workOver, "noite": nightAt},
	noon:      "meio dia",
	ends:      set("fim final termino"),
	day:       set("dia expediente"),
	week:      set("semana"),
	month:     set("mes"),
	next:      set("proxima proximo"),
	coming:    "que vem",
	nextWeek:  []string{"da semana que vem", "da proxima semana", "na semana que vem", "na proxima semana"},
	dated:     set("dia"),
	of:        set("de do da"),
	until:     set("ate"),
	within:    set("em dentro prazo proximas proximos daqui durante"),
	clocks:    set("as pelas"),
	hourWords: set("h hs hrs horas hora"),
	glue:      set("as a ao o os da de do das pela pelas no na nas nos em ate dia feira ainda ja desta deste dessa desse nesta neste esta este volta por prazo maximo proxima proximo proximas proximos cerca ultimas para pra umas dentro mais tardar entre logo"),
	ordinalOf: set("via vez parcela parcelas chamada opcao etapa fatura compra linha cobranca unidade tentativa remessa posicao camada turma edicao pessoa versao visita entrega nota reclamacao ligacao mensagem"),
}

var spanish = language{
	known:       set("el los las del le les usted ustedes manana hoy hasta antes lunes martes miercoles jueves viernes con una un y muy gracias voy vamos llamo hola buenos dias habiles su nuestro por favor lo la mas tardar"),
	verbAt:      spanishVerb,
	others:      set("dijo pago llamo vence llega abre cierra es esta fue tiene"),
	that:        set("que"),
	joints:      set("pero que porque pues y donde quien aunque"),
	determiners: set("el la los las un una su este ese en cada del al"),
	nouns:       set("caso"),
	unless:      "si",
	and:         "y",
	conditions:  []string{"cuando", "en cuanto", "siempre que", "una vez", "despues de", "tras", "caso", "a menos que", "salvo", "tan pronto"},
	negations:   []string{"no", "nunca", "tampoco", "sin", "ni"},
	hedges:      []string{"quizas", "tal vez", "probablemente", "espero", "esperamos", "intentare", "intentaremos", "creo", "aproximadamente"},
	gone:        []string{"ayer", "pasado", "pasada", "anteayer"},
	reports:     set("dijo dijeron informo prometio aviso comento escribio afirmo indico"),
	selves:      set("yo"),

	relatives: map[string]int{"hoy": 0, "manana": 1},
	dayAfter:  "pasado manana",
	weekdays:  map[string]time.Weekday{"domingo": 0, "lunes": 1, "martes": 2, "miercoles": 3, "jueves": 4, "viernes": 5, "sabado": 6},
	months: map[string]time.Month{"enero": 1, "febrero": 2, "marzo": 3, "abril": 4, "mayo": 5, "junio": 6, "julio": 7, "agosto": 8, "septiembre": 9, "octubre": 10,
		"noviembre": 11, "diciembre": 12},
	numbers:   map[string]int{"un": 1, "una": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8, "diez": 10, "quince": 15},
	units:     map[string]unit{"minuto": minutes, "minutos": minutes, "min": minutes, "hora": hours, "horas": hours, "h": hours, "hs": hours, "dia": days, "dias": days, "semana": weeks, "semanas": weeks},
	business:  set("habil habiles laborable laborables"),
	parts:     map[string]int{"tarde": workOver, "noche": nightAt},
	noon:      "mediodia",
	ends:      set("fin final"),
	day:       set("dia"),
	week:      set("semana"),
	month:     set("mes"),
	next:      set("proximo proxima"),
	coming:    "que viene",
	nextWeek:  []string{"de la semana que viene", "de la proxima semana"},
	dated:     set("dia"),
	of:        set("de del"),
	until:     set("hasta antes"),
	within:    set("en dentro plazo proximas proximos"),
	clocks:    set("las"),
	hourWords: set("h hs hrs horas hora"),
	glue:      set("a al el la las los de del por en hasta antes dia este esta para proximas proximos proximo proxima plazo maximo dentro mas tardar"),
	ordinalOf: set(""),
}

var english = language{
	known:       set("the you we i by your will we'll i'll tomorrow today to and on within business days monday tuesday wednesday thursday friday get back call hello thanks please is of our"),
	verbAt:      englishVerb,
	others:      set("said paid called is was has says closes opens arrives"),
	that:        set("that"),
	joints:      set("but that because and which who where while although"),
	determiners: set("the a an your this that my our"),
	nouns:       set("case"),
	and:         "and",
	conditions:  []string{"if", "unless", "once", "when", "as soon as", "provided", "after", "in case", "whenever", "depending"},
	negations:   []string{"not", "won't", "never", "can't", "cannot"},
	hedges:      []string{"maybe", "probably", "hope", "hopefully", "may", "might", "should", "try", "expect", "think", "perhaps", "usually", "always", "about"},
	gone:        []string{"yesterday", "last", "ago"},
	reports:     set("said told promised wrote claimed mentioned informed says"),
	selves:      set("i we"),

	relatives: map[string]int{"today": 0, "tomorrow": 1, "tonight": 0},
	dayAfter:  "day after tomorrow",
	weekdays:  map[string]time.Weekday{"sunday": 0, "monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5, "saturday": 6},
	months: map[string]time.Month{"january": 1, "february": 2, "march": 3, "april": 4, "june": 6, "july": 7, "august": 8, "september": 9, "october": 10,
		"november": 11, "december": 12, "jan": 1, "feb": 2, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12},
	numbers: map[string]int{"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10},
	units: map[string]unit{"minute": minutes, "minutes": minutes, "min": minutes, "hour": hours, "hours": hours, "hrs": hours, "h": hours, "day": days, "days": days,
		"week": weeks, "weeks": weeks},
	business:   set("business working"),
	parts:      map[string]int{"morning": noon, "afternoon": workOver, "evening": nightAt},
	noon:       "noon",
	ends:       set("end"),
	day:        set("day"),
	week:       set("week"),
	month:      set("month"),
	next:       set("next"),
	nextWeek:   []string{"of next week", "next week"},
	dated:      set(""),
	of:         set("of"),
	until:      set("by before"),
	within:     set("within in next"),
	clocks:     set("at by before"),
	hourWords:  set("h hrs"),
	glue:       set("at the by on in of this before no later than next around latest until"),
	ordinalOf:  set("cyber"),
	monthFirst: true,
}
