package sla

import (
	"math"
	"slices"
)

// Falling is how many deadlines of one queue fall in one minute.
type Falling struct {
	Minute int // from now; 0 and less are over
	N      int
}

// Forecast says how many of these deadlines will be missed, minute by minute, when
// a queue goes on being worked off at a rate of so many a minute, the oldest due
// first, and nothing new comes that is due before: what is over is worked off
// first, and misses. The answer is in order of minutes.
func Forecast(falling []Falling, rate float64) []Falling {
	falling = slices.Clone(falling)
	slices.SortFunc(falling, func(a, b Falling) int { return a.Minute - b.Minute })
	before := 0
	for i, f := range falling {
		done := int(math.Floor(rate * float64(max(f.Minute, 0))))
		falling[i].N = min(max(before+f.N-done, 0), f.N)
		before += f.N
	}
	return falling
}
