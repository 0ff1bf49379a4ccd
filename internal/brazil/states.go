package brazil

import "time"

// UF is a state, or the Federal District, by its two letters: "SP".
type UF string

// UFs are all 27, in alphabetical order.
var UFs = []UF{"AC", "AL", "AM", "AP", "BA", "CE", "DF", "ES", "GO", "MA", "MG", "MS", "MT", "PA",
	"PB", "PE", "PI", "PR", "RJ", "RN", "RO", "RR", "RS", "SC", "SE", "SP", "TO"}

// stateRules are the holidays that a state keeps beside the national ones, as
// its law stands today (Lei 9.093/1995 lets a state have its data magna; some
// keep more). A state law of an earlier year is not modelled.
var stateRules = map[UF][]rule{
	"AC": {
		{key: "dia_evangelico", month: time.January, day: 23, move: toFriday},
		{key: "dia_mulher", month: time.March, day: 8, move: toFriday},
		{key: "data_magna", month: time.June, day: 15, move: toFriday},
		{key: "dia_amazonia", month: time.September, day: 5, move: toFriday},
		{key: "tratado_petropolis", month: time.November, day: 17, move: toFriday},
	},
	"AL": {
		{key: "sao_joao", month: time.June, day: 24},
		{key: "sao_pedro", month: time.June, day: 29},
		{key: "emancipacao", month: time.September, day: 16},
		{key: "dia_evangelico", month: time.November, day: 30},
	},
	"AM": {{key: "elevacao_provincia", month: time.September, day: 5}},
	"AP": {
		{key: "sao_jose", month: time.March, day: 19},
		{key: "sao_tiago", month: time.July, day: 25},
		{key: "criacao_territorio", month: time.September, day: 13},
	},
	"BA": {{key: "independencia_bahia", month: time.July, day: 2}},
	"CE": {
		{key: "sao_jose", month: time.March, day: 19},
		{key: "data_magna", month: time.March, day: 25},
		{key: "assuncao", month: time.August, day: 15},
	},
	"DF": {{key: "fundacao_brasilia", month: time.April, day: 21}, {key: "dia_evangelico", month: time.November, day: 30}},
	"ES": {{key: "penha", after: 8}},
	"GO": {
		{key: "fundacao_goias", month: time.July, day: 26},
		{key: "pedra_fundamental", month: time.October, day: 24},
	},
	"MA": {{key: "adesao", month: time.July, day: 28}},
	"MG": {{key: "data_magna", month: time.April, day: 21}},
	"MS": {{key: "criacao_estado", month: time.October, day: 11}},
	"MT": {},
	"PA": {{key: "adesao", month: time.August, day: 15}},
	"PB": {{key: "fundacao_estado", month: time.August, day: 5}},
	"PE": {{key: "data_magna", month: time.March, day: 6}},
	"PI": {{key: "dia_piaui", month: time.October, day: 19}},
	"PR": {},
	"RJ": {{key: "carnaval_terca", after: -47}, {key: "sao_jorge", month: time.April, day: 23}},
	"RN": {
		{key: "dia_rn", month: time.August, day: 7},
		{key: "martires", month: time.October, day: 3},
	},
	"RO": {
		{key: "criacao_estado", month: time.January, day: 4},
		{key: "dia_evangelico", month: time.June, day: 18},
	},
	"RR": {{key: "criacao_estado", month: time.October, day: 5}},
	"RS": {{key: "farroupilha", month: time.September, day: 20}},
	"SC": {
		{key: "criacao_capitania", month: time.August, day: 11, move: toSunday},
		{key: "santa_catarina", month: time.November, day: 25, move: toSunday},
	},
	"SE": {{key: "emancipacao", month: time.July, day: 8}},
	"SP": {{key: "revolucao_1932", month: time.July, day: 9}},
	"TO": {
		{key: "autonomia", month: time.March, day: 18},
		{key: "natividade", month: time.September, day: 8},
		{key: "criacao_estado", month: time.October, day: 5},
	},
}

// toFriday moves a day from the middle of the week to its Friday, as Acre does.
func toFriday(d Date) Date {
	if wd := d.Weekday(); wd >= time.Tuesday && wd <= time.Thursday {
		return d.AddDays(int(time.Friday - wd))
	}
	return d
}

// toSunday moves a day to the next Sunday, as Santa Catarina does.
func toSunday(d Date) Date { return d.AddDays((7 - int(d.Weekday())) % 7) }

// StateHolidays are the days of a year that a state keeps beside the national
// ones, by date. An unknown state has none.
func StateHolidays(uf UF, year int) []Holiday { return holidays(year, stateRules[uf]) }

// optionalRules are the federal pontos facultativos: days on which an office may
// close, and business days for all who do not.
var optionalRules = []rule{
	{key: "carnaval_segunda", after: -48},
	{key: "carnaval_terca", after: -47},
	{key: "cinzas", after: -46, until: 14 * 60},
	{key: "corpus_christi", after: 60},
	{key: "servidor", month: time.October, day: 28},
	{key: "vespera_natal", month: time.December, day: 24, from: 13 * 60},
	{key: "vespera_ano_novo", month: time.December, day: 31, from: 13 * 60},
}

// decreed are the pontos facultativos that an ordinance adds for one year, or
// moves (Portaria MGI 9.783/2024 and that of 2026). A later year is told by its
// own ordinance and is imported as special days until it stands here.
var decreed = map[int]struct{ added, dropped []Date }{
	2025: {added: []Date{{2025, time.June, 20}, {2025, time.October, 27}}, dropped: []Date{{2025, time.October, 28}}},
	2026: {added: []Date{{2026, time.April, 20}, {2026, time.June, 5}}},
}

// OptionalDays are the federal pontos facultativos of a year, by date.
func OptionalDays(year int) []Holiday {
	var out []Holiday
	for _, h := range holidays(year, optionalRules) {
		if !has(decreed[year].dropped, h.Date) {
			out = append(out, h)
		}
	}
	for _, d := range decreed[year].added {
		out = append(out, Holiday{Date: d, Key: "ponto_facultativo"})
	}
	sortHolidays(out)
	return out
}

func has(days []Date, d Date) bool {
	for _, one := range days {
		if one == d {
			return true
		}
	}
	return false
}
