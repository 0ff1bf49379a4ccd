package form

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/webform"
)

// Numbers have at most this many digits before the comma, which fits an int64
// of cents and is beyond any sum that a customer pays.
const maxDigits = 12

// parse checks one answer that is not empty. code is what is wrong with it, and
// max the limit that goes with the code, if any.
func (f Field) parse(typed string, g Given) (a Answer, code string, max int) {
	a = Answer{Field: f, Value: typed, Plain: typed}
	limit := webform.MaxFieldValue
	switch {
	case f.Means == MeansBody:
		limit = webform.MaxBody
	case f.Means == MeansSubject:
		limit = webform.MaxSubject
	case f.Means == MeansName:
		limit = webform.MaxName
	}
	if utf8.RuneCountInString(typed) > limit {
		return a, "too_long", limit
	}
	switch f.Type {
	case Email:
		address, ok := channel.ParseEmail(typed)
		a.Value, a.Plain = address, address
		return a, unless(ok, "email"), 0
	case Phone:
		p, err := brazil.ParsePhone(typed)
		a.Value, a.Plain = p.String(), string(p)
		return a, unless(err == nil, "phone"), 0
	case CPF:
		c, err := brazil.ParseCPF(typed)
		a.Value, a.Plain = c.String(), string(c)
		return a, unless(err == nil, "cpf"), 0
	case CNPJ:
		c, err := brazil.ParseCNPJ(typed)
		a.Value, a.Plain = c.String(), string(c)
		return a, unless(err == nil, "cnpj"), 0
	case Document:
		kind, number, err := brazil.ParseDocument(typed)
		a.Plain = number
		if a.Value = brazil.CPF(number).String(); kind == brazil.DocumentCNPJ {
			a.Value = brazil.CNPJ(number).String()
		}
		return a, unless(err == nil, "document"), 0
	case Invoice:
		k, err := brazil.ParseAccessKey(typed)
		a.Value, a.Plain = k.String(), string(k)
		return a, unless(err == nil, "nfe"), 0
	case Date:
		d, ok := parseDate(typed)
		a.Plain = d.String()
		a.Value = pad(d.Day) + "/" + pad(int(d.Month)) + "/" + strconv.Itoa(d.Year)
		return a, unless(ok, "date"), 0
	case Number:
		n, ok := parseNumber(typed)
		a.Value, a.Plain = strings.ReplaceAll(n, ".", ","), n
		return a, unless(ok, "number"), 0
	case Money:
		cents, ok := parseMoney(typed)
		a.Value, a.Plain = "R$ "+reais(cents), strconv.FormatInt(cents, 10)
		return a, unless(ok, "money"), 0
	case Select, Radio:
		return a, unless(slices.Contains(f.Options, typed), "choose"), 0
	case Checkboxes:
		ticked := strings.Split(typed, "\n")
		for i, t := range ticked {
			if !slices.Contains(f.Options, t) || slices.Contains(ticked[:i], t) {
				return a, "choose", 0
			}
		}
		a.Value = strings.Join(ticked, "; ")
	case Reason:
		id, _ := strconv.ParseInt(typed, 10, 64)
		i := slices.IndexFunc(g.Reasons, func(c Choice) bool { return c.ID == id })
		if i < 0 {
			return a, "choose", 0
		}
		a.Value = g.Reasons[i].Label()
	case Consent:
		a.Value = "Sim"
		return a, unless(typed == "yes", "must_agree"), 0
	}
	return a, "", 0
}

func unless(ok bool, code string) string {
	if ok {
		return ""
	}
	return code
}

// parseDate takes what a date field sends (AAAA-MM-DD) and what people type
// (DD/MM/AAAA, with points or dashes, too).
func parseDate(s string) (brazil.Date, bool) {
	s = strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r == ' ' {
			return '/'
		}
		return r
	}, s)
	parts := strings.Split(s, "/")
	if len(parts) != 3 {
		return brazil.Date{}, false
	}
	if len(parts[0]) != 4 {
		parts[0], parts[2] = parts[2], parts[0]
	}
	for i := 1; i < 3; i++ {
		if len(parts[i]) == 1 {
			parts[i] = "0" + parts[i]
		}
	}
	d, err := brazil.ParseDate(strings.Join(parts, "-"))
	return d, err == nil && d.Year >= 1900 && d.Year <= 2100
}

func pad(n int) string { return string([]byte{'0' + byte(n/10), '0' + byte(n%10)}) }

// parseNumber reads a number as Brazil writes it, points between thousands and
// a comma before the rest, and returns it with a point. One point alone before
// three digits stands between thousands; before anything else it is a comma.
func parseNumber(s string) (string, bool) {
	sign := ""
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		sign, s = "-", rest
	}
	whole, fraction, comma := strings.Cut(s, ",")
	if !comma {
		if i := strings.LastIndexByte(s, '.'); i >= 0 && strings.Count(s, ".") == 1 && len(s)-i-1 != 3 {
			whole, fraction, comma = s[:i], s[i+1:], true
		}
	}
	whole, ok := thousands(whole)
	if !ok || len(whole) > maxDigits || len(fraction) > maxDigits || !digits(whole) || (comma && !digits(fraction)) {
		return "", false
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if fraction = strings.TrimRight(fraction, "0"); fraction != "" {
		whole += "." + fraction
	}
	if whole == "0" {
		sign = ""
	}
	return sign + whole, true
}

// thousands takes the points out, which may stand before every three digits.
func thousands(s string) (string, bool) {
	groups := strings.Split(s, ".")
	for i, g := range groups {
		if i > 0 && len(g) != 3 || i == 0 && len(groups) > 1 && len(g) > 3 {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// parseMoney reads a sum in reais, with or without R$, and returns the cents.
func parseMoney(s string) (int64, bool) {
	s = strings.TrimSpace(strings.TrimPrefix(strings.ToUpper(s), "R$"))
	n, ok := parseNumber(s)
	whole, fraction, _ := strings.Cut(n, ".")
	if !ok || strings.HasPrefix(n, "-") || len(fraction) > 2 {
		return 0, false
	}
	cents, err := strconv.ParseInt(whole+(fraction + "00")[:2], 10, 64)
	return cents, err == nil
}

func reais(cents int64) string {
	whole := strconv.FormatInt(cents/100, 10)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "." + whole[i:]
	}
	return whole + "," + pad(int(cents%100))
}
