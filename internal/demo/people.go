package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// person is a customer of the demonstration's company. Addresses end in
// .example, which nobody can own, and phones begin with digits that no mobile
// subscriber has been given, so that no trial ever reaches anybody.
type person struct {
	Name, Preferred string
	Email, Phone    string
	CPF             string
	City            string
	LegalPriority   int
	Contract        string
	Products        []string
	DaysKnown       int // before the demonstration
}

func (c corpus) person(r *rand.Rand, n int) person {
	first := pick(r, c.People.Women)
	if r.IntN(2) == 0 {
		first = pick(r, c.People.Men)
	}
	family, last := pick(r, c.People.Family), pick(r, c.People.Family)
	city := r.IntN(len(c.People.Cities))
	p := person{
		Name:     first + " " + family,
		Email:    fmt.Sprintf("%s.%s%d@correio.example", address(first), address(family), n),
		Phone:    fmt.Sprintf("+55%s9%04d%04d", c.People.DDD[city], 9000+n/10000, n%10000),
		CPF:      cpf(n),
		City:     c.People.Cities[city],
		Contract: fmt.Sprintf("C-%05d", 10000+r.IntN(89999)),
		Products: []string{pick(r, c.People.Products)},
		// Most are of the last year, some go back five.
		DaysKnown: 8 + min(int(r.ExpFloat64()*400), 1900),
	}
	if last != family && r.IntN(3) == 0 {
		p.Name += " " + last
	}
	switch x := r.IntN(100); {
	case x < 3:
		p.LegalPriority = 3
	case x < 13:
		p.LegalPriority = 2
	case x < 16:
		p.LegalPriority = 1
	}
	if r.IntN(25) == 0 {
		p.Preferred = pick(r, c.People.Women)
	}
	if r.IntN(3) == 0 {
		p.Products = append(p.Products, pick(r, c.People.Products))
	}
	return p
}

// address is a name as people write it in theirs: small ASCII letters only.
func address(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, norm.NFD.String(strings.ToLower(name)))
}

// cpf makes a number that passes the arithmetic, from the block that begins
// with zeros.
func cpf(n int) string {
	digits := fmt.Sprintf("%09d", 1_000+n)
	for range 2 {
		sum := 0
		for i, d := range digits {
			sum += int(d-'0') * (len(digits) + 1 - i)
		}
		check := 0
		if rest := sum % 11; rest >= 2 {
			check = 11 - rest
		}
		digits += fmt.Sprint(check)
	}
	return digits
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
