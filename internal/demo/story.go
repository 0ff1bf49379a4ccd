package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// act is one thing that happens to a ticket after it was opened.
type act struct {
	At   time.Time
	What deed
	By   int // index of the member of staff; the customer's acts have none
	Text string
}

type deed int

const (
	claims deed = iota
	replies
	replyThenResolves
	writes // the customer
	notes
	waitsForOthers
	resolves
)

// story is one ticket from its opening to now.
type story struct {
	Customer int // index of the person, -1 for somebody who gave no name
	Channel  string
	Reason   int // index of the reason, -1 for the ombudsman's cases
	Kind     string
	Team     string
	Walled   bool
	Priority int
	Tags     []string
	Subject  string
	Body     string
	Opened   time.Time
	Acts     []act

	fill func(string) string // the same order number and product throughout
}

// world is everything that happened in the week before now.
type world struct {
	People  []person
	Stories []story // by opening time
}

// week makes the demonstration's week: the same seed and instant give the same
// world, to the letter. Nothing in it lies after now.
func (c corpus) week(seed uint64, now time.Time, zone *time.Location, tickets int) world {
	r := rand.New(rand.NewPCG(seed, 0x45736375))
	var w world
	for n := range tickets * 3 / 5 {
		w.People = append(w.People, c.person(r, n))
	}
	arrivals := arrivals(r, now.In(zone), tickets)
	for _, opened := range arrivals {
		if r.IntN(100) < 2 {
			w.Stories = append(w.Stories, c.complaint(r, w.People, opened))
		} else {
			w.Stories = append(w.Stories, c.demand(r, w.People, opened))
		}
		s := &w.Stories[len(w.Stories)-1]
		c.live(r, s, now, zone)
	}
	return w
}

// arrivals spreads the openings over the week as people write: most in office
// hours, few at night, fewer at the weekend; the last hours are alive. The first
// are of seven days ago, so that legal terms of seven days fall due today.
func arrivals(r *rand.Rand, now time.Time, n int) []time.Time {
	byHour := [24]int{2, 1, 1, 1, 1, 2, 4, 9, 16, 22, 24, 23, 17, 19, 22, 21, 20, 18, 14, 12, 11, 9, 6, 4}
	start := time.Date(now.Year(), now.Month(), now.Day()-7, 6, 0, 0, 0, now.Location())
	var slots []time.Time
	var weights []int
	total := 0
	for at := start.Truncate(time.Hour); at.Before(now); at = at.Add(time.Hour) {
		weight := byHour[at.Hour()] * 10
		switch at.Weekday() {
		case time.Saturday:
			weight /= 3
		case time.Sunday:
			weight /= 5
		}
		if now.Sub(at) < 2*time.Hour {
			weight += 60
		}
		slots, weights, total = append(slots, at), append(weights, weight), total+weight
	}
	out := make([]time.Time, 0, n)
	for len(out) < n {
		x, i := r.IntN(total), 0
		for ; x >= weights[i]; i++ {
			x -= weights[i]
		}
		at := slots[i].Add(time.Duration(r.Int64N(int64(time.Hour)))).Truncate(time.Microsecond)
		if at.Before(now.Add(-20*time.Second)) && at.After(start) {
			out = append(out, at)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

func (c corpus) demand(r *rand.Rand, people []person, opened time.Time) story {
	total := 0
	for _, q := range c.Reasons {
		total += q.Weight
	}
	x, n := r.IntN(total), 0
	for ; x >= c.Reasons[n].Weight; n++ {
		x -= c.Reasons[n].Weight
	}
	q := c.Reasons[n]
	s := story{
		Customer: recurring(r, len(people)), Channel: channel(r), Reason: n,
		Kind: q.Kind, Team: q.Team, Priority: 3, Opened: opened,
	}
	s.fill = c.blanks(r, people[s.Customer], opened)
	about := r.IntN(len(q.Subjects))
	s.Subject, s.Body = s.fill(q.Subjects[about]), s.fill(q.Openings[about%len(q.Openings)])
	switch x := r.IntN(100); {
	case x < 4:
		s.Priority = 1
	case x < 16:
		s.Priority = 2
	case x > 92:
		s.Priority = 4
	}
	for tag, chance := range map[string]int{"reincidente": 7, "redes-sociais": 3, "cliente-novo": 6} {
		if int(hash(s.Subject, tag, opened)%100) < chance {
			s.Tags = append(s.Tags, tag)
		}
	}
	slices.Sort(s.Tags)
	return s
}

func (c corpus) complaint(r *rand.Rand, people []person, opened time.Time) story {
	q := pick(r, c.Complaints)
	s := story{
		Customer: recurring(r, len(people)), Channel: "ombudsman", Reason: -1,
		Kind: q.Kind, Team: "Atendimento", Walled: true, Priority: 2, Opened: opened,
	}
	if q.Kind == "denuncia" {
		s.Customer = -1
	}
	s.fill = c.blanks(r, people[max(s.Customer, 0)], opened)
	s.Subject, s.Body = s.fill(q.Subject), s.fill(q.Body)
	return s
}

// recurring picks a customer so that some come back often and most once.
func recurring(r *rand.Rand, n int) int {
	if r.IntN(4) == 0 {
		return r.IntN(n / 12)
	}
	return r.IntN(n)
}

func channel(r *rand.Rand) string {
	switch x := r.IntN(100); {
	case x < 38:
		return "phone"
	case x < 73:
		return "webform"
	}
	return "email"
}

// blanks returns what fills the blanks of a text for this customer and day.
func (c corpus) blanks(r *rand.Rand, p person, at time.Time) func(string) string {
	date := func(days int) string { return at.AddDate(0, 0, days).Format("02/01") }
	first, _, _ := strings.Cut(p.Name, " ")
	if p.Preferred != "" {
		first = p.Preferred
	}
	product := pick(r, p.Products)
	o, um, meu := "o", "um", "meu"
	if feminine(product) {
		o, um, meu = "a", "uma", "minha"
	}
	fill := strings.NewReplacer(
		"{nome}", first,
		"{pedido}", fmt.Sprintf("%d-%d", 400000+r.IntN(99999), 1+r.IntN(9)),
		"{produto}", product,
		"{o produto}", o+" "+product,
		"{um produto}", um+" "+product,
		"{meu produto}", meu+" "+product,
		"{do produto}", "d"+o+" "+product,
		"{do meu produto}", "d"+o+" "+meu+" "+product,
		"{valor}", reais(79+r.IntN(2800), r.IntN(10)*10),
		"{data}", date(-3-r.IntN(20)),
		"{prazo}", date(-1-r.IntN(3)),
		"{retorno}", date(1+r.IntN(4)),
		"{cidade}", p.City,
		"{contrato}", p.Contract,
	)
	return func(text string) string { return capital(fill.Replace(text)) }
}

// reais is an amount as it is written in Brazil, without its sign.
func reais(whole, cents int) string {
	if whole >= 1000 {
		return fmt.Sprintf("%d.%03d,%02d", whole/1000, whole%1000, cents)
	}
	return fmt.Sprintf("%d,%02d", whole, cents)
}

// feminine tells the gender of a product of the corpus by its first word.
func feminine(product string) bool {
	switch word, _, _ := strings.Cut(product, " "); word {
	case "geladeira", "máquina", "cafeteira", "lava-louças", "batedeira":
		return true
	}
	return false
}

// capital begins a text with a capital letter, as a blank at its start may not.
func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// hash is a small stable mix, for choices that must not disturb the others' order.
func hash(parts ...any) uint64 {
	h := uint64(14695981039346656037)
	for _, b := range []byte(fmt.Sprint(parts...)) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return h >> 16
}
