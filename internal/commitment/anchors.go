package commitment

// times finds the times that a clause names, days joined with their hours.
func (w *language) times(ts []token) []moment {
	var all []moment
	for i := 0; i < len(ts); {
		m, ok := w.anchor(ts, i)
		if !ok {
			i++
			continue
		}
		i = m.to
		m.until = m.until || w.introduced(ts, m.from, w.until)
		if last := len(all) - 1; last >= 0 && w.joins(ts[all[last].to:m.from]) && joinable(all[last], m) {
			all[last] = join(all[last], m)
			continue
		}
		all = append(all, m)
	}
	return all
}

// introduced reports whether one of some words leads to a place, with none but
// articles between.
func (w *language) introduced(ts []token, at int, by map[string]bool) bool {
	for i := at - 1; i >= 0 && i >= at-4; i-- {
		if by[ts[i].word] {
			return true
		}
		if !w.glue[ts[i].word] {
			return false
		}
	}
	return false
}

func (w *language) joins(ts []token) bool {
	for _, t := range ts {
		if t.mark || !w.glue[t.word] {
			return false
		}
	}
	return len(ts) <= 4
}

// joinable: one names the day and the other the hour.
func joinable(a, b moment) bool {
	switch {
	case a.day == inSpan && a.unit != days && a.unit != businessDays && a.unit != weeks:
		return false
	case a.day != noDay && b.day == noDay:
		return !a.timed || a.part && !b.part
	case a.day == noDay && b.day != noDay && b.day != inSpan:
		return !b.timed
	case a.day == onDay && b.day == onDate: // "quinta, dia 26", "quinta (26/11)"
		return true
	case a.day == noDay && b.day == noDay: // "às 3 da tarde", "até as 10 da manhã"
		return a.timed && b.part && !a.part
	}
	return false
}

func join(a, b moment) moment {
	day, clock := a, b
	if a.day == noDay && b.day != noDay {
		day, clock = b, a
	}
	if a.day == onDay && b.day == onDate {
		day, clock = b, a
	}
	if clock.timed && (!day.timed || day.part) {
		if day.timed && day.part && !clock.part && day.hour > noon && clock.hour < noon {
			clock.hour += noon
		}
		day.hour, day.minute, day.timed, day.part, day.dayOver = clock.hour, clock.minute, true, clock.part, clock.dayOver
	} else if clock.part && day.timed && !day.part && clock.hour > noon && day.hour < noon { // "às 3 da tarde"
		day.hour += noon
	}
	day.from, day.to = a.from, b.to
	day.until, day.unclear = a.until || b.until, a.unclear || b.unclear
	return day
}

// anchor reads one day, hour or span that begins at a word.
func (w *language) anchor(ts []token, i int) (m moment, ok bool) {
	for _, read := range []func([]token, int) (moment, bool){w.endOf, w.span, w.relative, w.weekday, w.date, w.partOfDay, w.hour} {
		if m, ok = read(ts, i); ok {
			m.from = i
			return m, true
		}
	}
	return moment{}, false
}

func at(ts []token, i int) string {
	if i < 0 || i >= len(ts) || ts[i].mark {
		return ""
	}
	return ts[i].word
}

// endOf is "fim do dia", "final desta semana", "end of the month".
func (w *language) endOf(ts []token, i int) (moment, bool) {
	if !w.ends[at(ts, i)] {
		return moment{}, false
	}
	for n := i + 1; n <= i+3; n++ {
		switch what := at(ts, n); {
		case w.day[what]:
			return moment{to: n + 1, timed: true, hour: workOver, part: true, dayOver: true}, true
		case w.week[what]:
			later := follows(ts, n+1, w.coming) || w.next[at(ts, n-1)]
			return moment{to: n + 1 + 2*b2i(follows(ts, n+1, w.coming)), day: weekEnd, n: b2i(later)}, true
		case w.month[what]:
			return moment{to: n + 1, day: monthEnd}, true
		case w.parts[what] != 0:
			return moment{to: n + 1, timed: true, hour: w.parts[what], part: true}, true
		case !w.glue[what] && !w.next[what]:
			return moment{}, false
		}
	}
	return moment{}, false
}

// span is "em 48 horas", "dentro de dois dias úteis", "nas próximas 24h".
func (w *language) span(ts []token, i int) (moment, bool) {
	word := at(ts, i)
	if h, min, ok := clockTime(word); ok && min == 0 && !w.introduced(ts, i, w.clocks) && (h >= 24 || w.introduced(ts, i, w.within)) {
		return moment{to: i + 1, day: inSpan, n: h, unit: hours}, h > 0
	}
	n := w.number(word)
	if word == "meia" && w.units[at(ts, i+1)] == hours && w.introduced(ts, i, w.within) {
		return moment{to: i + 2, day: inSpan, n: 30, unit: minutes}, true
	}
	to := i + 1
	if n >= 20 && at(ts, to) == "e" && w.number(at(ts, to+1)) > 0 && w.number(at(ts, to+1)) < 10 { // vinte e quatro
		n, to = n+w.number(at(ts, to+1)), to+2
	}
	before := w.business[at(ts, to)] // "2 business days"
	unit := w.units[at(ts, to+b2i(before))]
	if n == 0 || unit == 0 {
		return moment{}, false
	}
	to += 1 + b2i(before)
	after := w.business[at(ts, to)]
	if before || after {
		if to += b2i(after); unit != days {
			return moment{}, false
		}
		unit = businessDays
	}
	within := w.introduced(ts, i, w.within)
	if !within && !w.introduced(ts, i, w.until) || w.introduced(ts, i, w.clocks) && unit == hours {
		return moment{}, false
	}
	return moment{to: to, day: inSpan, n: n, unit: unit, unclear: !within && unit == hours && n < 24}, true
}

func (w *language) relative(ts []token, i int) (moment, bool) {
	if w.dayAfter != "" && follows(ts, i, w.dayAfter) {
		return moment{to: i + 1 + countSpaces(w.dayAfter), day: inDays, n: 2}, true
	}
	n, ok := w.relatives[at(ts, i)]
	return moment{to: i + 1, day: inDays, n: n}, ok
}

func (w *language) weekday(ts []token, i int) (moment, bool) {
	n, ok := w.weekdays[at(ts, i)]
	if !ok || w.ordinalOf[at(ts, i+1)] {
		return moment{}, false
	}
	m := moment{to: i + 1, day: onDay, n: int(n)}
	if at(ts, m.to) == "feira" {
		m.to++
	}
	m.coming = w.next[at(ts, i-1)]
	for _, later := range w.nextWeek {
		if follows(ts, m.to, later) {
			m.to += 1 + countSpaces(later)
			m.nextWeek = true
			return m, true
		}
	}
	if w.coming != "" && follows(ts, m.to, w.coming) {
		m.to, m.coming = m.to+1+countSpaces(w.coming), true
	}
	return m, true
}

// date is "dia 30", "30 de novembro", "25/11", "November 25".
func (w *language) date(ts []token, i int) (moment, bool) {
	if m, ok := slashed(at(ts, i), w.monthFirst); ok {
		m.to = i + 1
		return m, true
	}
	start, named := i, w.dated[at(ts, i)]
	if named {
		i++
	}
	if month := w.months[at(ts, i)]; month != 0 && w.monthFirst {
		if n := ordinal(at(ts, i+1)); n > 0 {
			return moment{to: i + 2, day: onDate, n: n, month: month}, true
		}
	}
	n := ordinal(at(ts, i))
	if n == 0 {
		return moment{}, false
	}
	m := moment{to: i + 1, day: onDate, n: n}
	next := m.to
	if w.of[at(ts, next)] {
		next++
	}
	if month := w.months[at(ts, next)]; month != 0 {
		m.month, m.to = month, next+1
		if w.of[at(ts, m.to)] && len(at(ts, m.to+1)) == 4 && w.number(at(ts, m.to+1)) > 2000 {
			m.year, m.to = w.number(at(ts, m.to+1)), m.to+2
		}
		return m, true
	}
	if named {
		if x, ok := slashed(at(ts, i), w.monthFirst); ok {
			x.to = i + 1
			return x, true
		}
	}
	// "até 2 dias" has no day of the month, and "dia 15h" none either.
	return m, named && start < i
}

// ordinal reads a day of the month: 1, 1o, 25th.
func ordinal(word string) int {
	n, digits := 0, 0
	for digits < len(word) && digits < 3 && word[digits] >= '0' && word[digits] <= '9' {
		n = n*10 + int(word[digits]-'0')
		digits++
	}
	switch word[digits:] {
	case "", "o", "st", "nd", "rd", "th":
	default:
		return 0
	}
	if digits > 2 || n > 31 {
		return 0
	}
	return n
}

// partOfDay is "de manhã", "à tarde", "meio-dia".
func (w *language) partOfDay(ts []token, i int) (moment, bool) {
	if w.noon != "" && follows(ts, i, w.noon) {
		return moment{to: i + 1 + countSpaces(w.noon), timed: true, hour: noon}, true
	}
	h := w.parts[at(ts, i)]
	if h == 0 || !w.glue[at(ts, i-1)] && i > 0 && w.weekdays[at(ts, i-1)] == 0 && w.relatives[at(ts, i-1)] == 0 {
		return moment{}, false
	}
	return moment{to: i + 1, timed: true, hour: h, part: true}, true
}

// hour is "15h30", "às 15", "3 pm".
func (w *language) hour(ts []token, i int) (moment, bool) {
	word := at(ts, i)
	if h, min, ok := clockTime(word); ok {
		// The third hour of the afternoon is said so by some who write 3:00.
		to := i + 1
		if h <= 12 && at(ts, to) == "pm" || at(ts, to) == "am" {
			h, to = h%12+noon*b2i(at(ts, to) == "pm"), to+1
		}
		if w.hourWords[at(ts, to)] {
			to++
		}
		return moment{to: to, timed: true, hour: h, minute: min}, h < 24
	}
	n := ordinal(word)
	if word == "" || n > 23 || n == 0 && word != "0" {
		return moment{}, false
	}
	switch next := at(ts, i+1); {
	case next == "pm" || next == "am":
		return moment{to: i + 2, timed: true, hour: n%12 + noon*b2i(next == "pm")}, n >= 1 && n <= 12
	case (next == "p" || next == "a") && at(ts, i+2) == "m":
		return moment{to: i + 3, timed: true, hour: n%12 + noon*b2i(next == "p")}, n >= 1 && n <= 12
	case w.hourWords[next]:
		return moment{to: i + 2, timed: true, hour: n}, true
	case w.clocks[at(ts, i-1)] && w.units[next] == 0 && !w.of[next] || w.clocks[at(ts, i-1)] && w.of[next] && w.parts[at(ts, i+2)] != 0:
		return moment{to: i + 1, timed: true, hour: n}, true
	case w.clocks[at(ts, i-1)] && w.glue[next] && w.parts[at(ts, i+3)] != 0: // "a las 3 de la tarde"
		return moment{to: i + 1, timed: true, hour: n}, true
	}
	return moment{}, false
}

func countSpaces(s string) (n int) {
	for _, r := range s {
		n += b2i(r == ' ')
	}
	return n
}
