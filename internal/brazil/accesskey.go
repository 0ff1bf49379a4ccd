package brazil

import (
	"slices"
	"time"
)

// AccessKey is the 44 characters that name one electronic fiscal document. A
// customer reads it from the invoice; it says who sold, when, and which number.
//
//	cUF 1-2 · AAMM 3-6 · issuer 7-20 · model 21-22 · series 23-25 · number 26-34 ·
//	emission 35 · code 36-43 · check digit 44
type AccessKey string

// DocumentModel is the kind of fiscal document a key names.
type DocumentModel string

// The models a customer may hold in hand.
const (
	ModelNFe   DocumentModel = "55" // sale of goods
	ModelCTe   DocumentModel = "57" // carriage
	ModelMDFe  DocumentModel = "58" // manifest of a carriage
	ModelNFCe  DocumentModel = "65" // sale at the till
	ModelCTeOS DocumentModel = "67" // carriage of people and valuables
)

var models = []DocumentModel{ModelNFe, ModelCTe, ModelMDFe, ModelNFCe, ModelCTeOS}

// ParseAccessKey reads a key in any typed shape. Letters, which came with the
// alphanumeric CNPJ, stand only in its first twelve characters. The issuer's
// own check digits are not tested: the key's cover them.
func ParseAccessKey(s string) (AccessKey, error) {
	c, ok := compact(s)
	if !ok || len(c) != 44 || !digits(c[:6]) || !digits(c[18:]) {
		return "", ErrAccessKey
	}
	k := AccessKey(c)
	month := number(c[4:6])
	if !stateCode(c[:2]) || month < 1 || month > 12 || !slices.Contains(models, k.Model()) {
		return "", ErrAccessKey
	}
	if c[43] != modulo11(c[:43], 9) {
		return "", ErrAccessKey
	}
	return k, nil
}

// stateCode reports whether s is the IBGE code of one of the 27 states.
func stateCode(s string) bool {
	switch n := number(s); n / 10 {
	case 1:
		return n >= 11 && n <= 17
	case 2:
		return n >= 21 && n <= 29
	case 3:
		return n >= 31 && n <= 35 && n != 34
	case 4:
		return n >= 41 && n <= 43
	case 5:
		return n >= 50 && n <= 53
	}
	return false
}

// Model is the kind of document.
func (k AccessKey) Model() DocumentModel { return DocumentModel(k[20:22]) }

// Issued is the month of issue. Keys carry two digits of the year; electronic
// invoices began in 2006, so the century is this one.
func (k AccessKey) Issued() (year int, month time.Month) {
	return 2000 + number(string(k[2:4])), time.Month(number(string(k[4:6])))
}

// Issuer is the seller's CNPJ, or the CPF of a person who sells (a farmer, by a
// series from 920 to 969), in canonical form.
func (k AccessKey) Issuer() (DocumentKind, string) {
	series := number(string(k[22:25]))
	if k[6:9] == "000" && series >= 920 && series <= 969 {
		if c, err := ParseCPF(string(k[9:20])); err == nil {
			return DocumentCPF, string(c)
		}
	}
	return DocumentCNPJ, string(k[6:20])
}

// Series and Number are what the invoice shows in large print.
func (k AccessKey) Series() int { return number(string(k[22:25])) }

// Number is the invoice's number within its series.
func (k AccessKey) Number() int { return number(string(k[25:34])) }

// String groups the key by four, as invoices print it.
func (k AccessKey) String() string { return grouped(string(k), 4, 4, 4, 4, 4, 4, 4, 4, 4, 4) }
