package demo

import (
	"embed"
	"encoding/json"
	"fmt"
)

//go:embed corpus/*.json
var corpusFiles embed.FS

// reason is one leaf of the reason tree with what people write about it. Texts
// have blanks in braces: {nome} {pedido} {valor} {data} {prazo} {retorno} {cidade}
// {contrato}, and {produto}, bare or with its article: {o produto} {um produto}
// {meu produto} {do produto} {do meu produto}. The subjects go round the openings:
// the first and, with two openings, the third belong to the first opening.
type reason struct {
	Path      [3]string `json:"path"`
	Kind      string    `json:"kind"`
	Team      string    `json:"team"`
	Weight    int       `json:"weight"`
	Subjects  []string  `json:"subjects"`
	Openings  []string  `json:"openings"`
	Replies   []string  `json:"replies"`
	Followups []string  `json:"followups"`
	Notes     []string  `json:"notes"`
}

// complaint is a case that comes to the ombudsman.
type complaint struct {
	Kind    string `json:"kind"`
	Subject string `json:"subject"`
	Body    string `json:"body"`
}

// staff is somebody who works at the demonstration's company.
type staff struct {
	Name  string   `json:"name"`
	Email string   `json:"email"`
	Role  string   `json:"role"`
	Teams []string `json:"teams"`
}

type corpus struct {
	Reasons    []reason
	Complaints []complaint
	People     struct {
		Women    []string `json:"women"`
		Men      []string `json:"men"`
		Family   []string `json:"family"`
		Cities   []string `json:"cities"`
		DDD      []string `json:"ddd"` // of the city at the same place
		Products []string `json:"products"`
		Closings []string `json:"closings"` // what is said once a reason's own answers are used up
		Agents   []staff  `json:"agents"`
	}
}

func readCorpus() (corpus, error) {
	var c corpus
	for name, into := range map[string]any{"reasons": &c.Reasons, "ombudsman": &c.Complaints, "people": &c.People} {
		text, err := corpusFiles.ReadFile("corpus/" + name + ".json")
		if err != nil {
			return corpus{}, err
		}
		if err := json.Unmarshal(text, into); err != nil {
			return corpus{}, fmt.Errorf("corpus %s: %w", name, err)
		}
	}
	return c, nil
}
