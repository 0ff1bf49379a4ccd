// Package demo fills an empty desk with a believable week of a believable
// company: some two thousand tickets by four channels, customers who come back,
// deadlines near, met and missed. The week ends now; apart from that the same
// seed gives the same week, to the letter.
//
// It goes through the same functions as people do (ticket.Change, the clocks),
// only at instants of the past, so that rows, events and deadlines agree.
package demo
