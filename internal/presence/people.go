package presence

// On lists who is on a ticket, by name.
func (b *Board) On(ticket int64) []Sighting {
	b.mu.Lock()
	defer b.mu.Unlock()
	return sightings(b.crowd.tickets[ticket])
}

// People lists who is here, by name, each in the state that counts: what keeps
// them from work, or else what their windows say.
func (b *Board) People() []Person {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]Person, 0, len(b.crowd.accounts))
	for id, conns := range b.crowd.accounts {
		all = append(all, person(conns, b.stand[id]))
	}
	return byName(all)
}

// Person is how somebody is here; here is false when they are not, and then only
// what keeps them from work is told.
func (b *Board) Person(account int64) (p Person, here bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if conns := b.crowd.accounts[account]; len(conns) > 0 {
		return person(conns, b.stand[account]), true
	}
	return Person{Account: account, Standing: b.stand[account]}, false
}

// State is how somebody is here; empty when they are not.
func (b *Board) State(account int64) State {
	p, _ := b.Person(account)
	return p.State
}

// Stand notes what keeps accounts from work; the zero Standing is nothing. With
// all, whoever is not named has nothing that does.
func (b *Board) Stand(now map[int64]Standing, all bool) {
	var changed Change
	b.mu.Lock()
	note := func(id int64, s Standing) {
		if b.stand[id].same(s) {
			return
		}
		changed.Accounts = append(changed.Accounts, id)
		if b.stand[id] = s; s.State == "" {
			delete(b.stand, id)
		}
	}
	for id, s := range now {
		note(id, s)
	}
	if all {
		for id := range b.stand {
			if _, named := now[id]; !named {
				note(id, Standing{})
			}
		}
	}
	b.mu.Unlock()
	if len(changed.Accounts) > 0 {
		b.say(changed)
	}
}
