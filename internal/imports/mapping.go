package imports

import (
	"slices"
	"strings"

	"github.com/escuta-sac/escuta/internal/folding"
)

// Field is what a column can be for a case.
type Field string

// The fields. A column that is none of them is kept beside the case by its name.
const (
	ExternalID  Field = "external_id" // how the source calls the complaint; makes a row recognisable
	Name        Field = "name"
	Email       Field = "email"
	Phone       Field = "phone"
	Document    Field = "document"
	Subject     Field = "subject"
	Body        Field = "body"
	SACProtocol Field = "sac_protocol"
	Opened      Field = "opened_at"
	Score       Field = "score"      // the consumer's, with a decimal comma
	View        Field = "evaluation" // whether the consumer calls it solved
)

// Fields are all of them, in the order people are offered them.
var Fields = []Field{ExternalID, Subject, Body, Name, Email, Phone, Document, SACProtocol, Opened, View, Score}

// Mapping says which column is which field, by the column's name in the heading.
type Mapping map[Field]string

// check refuses fields and columns that do not exist, and a list of which
// nothing could be told.
func (m Mapping) check(columns []string) error {
	bad := ErrMapping
	for f, column := range m {
		switch {
		case !slices.Contains(Fields, f):
			bad = bad.Field("mapping."+shown(string(f)), "unknown")
		case column != "" && !slices.Contains(columns, column):
			bad = bad.Field("mapping."+string(f), "unknown_choice")
		}
	}
	if len(bad.Details) > 0 {
		return bad
	}
	return nil
}

// known are the names under which sources have a field, folded. The first that a
// heading has is taken; the order is from the telling to the vague.
var known = map[Field][]string{
	ExternalID:  {"numero da reclamacao", "id da reclamacao", "id reclamacao", "protocolo consumidor", "numero do atendimento", "numero fa", "fa", "numero cip", "cip", "numero da cip", "rdr", "numero rdr", "numero da demanda", "demanda", "protocolo", "id", "numero"},
	Name:        {"nome do consumidor", "consumidor", "nome do reclamante", "reclamante", "nome do cliente", "cliente", "cidadao", "nome"},
	Email:       {"e mail do consumidor", "email do consumidor", "e mail", "email"},
	Phone:       {"telefone do consumidor", "telefone", "celular", "fone"},
	Document:    {"cpf cnpj", "cpf do consumidor", "cpf", "documento", "cnpj"},
	Subject:     {"titulo da reclamacao", "titulo", "assunto", "problema"},
	Body:        {"texto da reclamacao", "descricao da reclamacao", "descricao", "relato", "reclamacao", "mensagem", "texto", "manifestacao"},
	SACProtocol: {"protocolo sac", "protocolo do sac", "protocolo de atendimento", "protocolo da empresa"},
	Opened:      {"data abertura", "data da reclamacao", "data de abertura", "data da abertura", "data do registro", "data", "data finalizacao"},
	View:        {"avaliacao reclamacao", "resolvido", "avaliacao", "problema resolvido"},
	Score:       {"nota do consumidor", "nota"},
}

// suggest maps a heading by the names that are known.
func suggest(columns []string) Mapping {
	m, taken := Mapping{}, map[string]bool{}
	for _, f := range Fields {
		for _, name := range known[f] {
			i := slices.IndexFunc(columns, func(c string) bool { return !taken[c] && folding.Fold(c) == folding.Fold(name) })
			if i >= 0 {
				m[f], taken[columns[i]] = columns[i], true
				break
			}
		}
	}
	return m
}

// guess tells whose list a heading is of.
func guess(columns []string) Source {
	all := " " + folding.Fold(strings.Join(columns, " ; ")) + " "
	has := func(names ...string) bool {
		for _, n := range names {
			if !strings.Contains(all, " "+folding.Fold(n)+" ") {
				return false
			}
		}
		return true
	}
	switch {
	case has("Segmento de Mercado", "Nome Fantasia", "Grupo Problema"):
		return ConsumidorGov
	case has("RDR") || has("Banco Central"):
		return Bacen
	case has("CIP") || has("Procon") || has("FA"):
		return Procon
	case has("Réplica") || has("Voltaria a fazer negócio") || has("Título", "Resolvido"):
		return ReclameAqui
	}
	return Other
}
