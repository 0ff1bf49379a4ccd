package httpapi

import (
	"context"
	"time"

	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/toll"
)

// proofHeader is where a program puts the solution of a challenge.
const proofHeader = "X-Proof"

// worked is how many times its limit an address may send with proofs of work.
const worked = 4

var errProof = fault.New(fault.TooMany, "proof_required")

// Challenge asks for work: a number n so that SHA-256 of "<text>.<n>" begins
// with so many zero bits. The answer, "<text>.<n>", comes back in the header
// X-Proof or in the field work of a page's form.
type Challenge struct {
	Text string `json:"text"`
	Bits int    `json:"bits" doc:"Leading zero bits of the hash"`
}

// admit counts one submission from an address. Up to the limit nobody is asked
// for anything. Beyond it a proof of work opens the way for some more, and the
// harder the more came; whoever cannot work one out (no script, an old program)
// waits, as with any limit.
func (h publicRoutes) admit(ctx context.Context, proof string) error {
	who := place(requestOf(ctx).address)
	err := h.limits.allow(ctx, "open", who)
	if err == nil {
		return nil
	}
	more := rate{h.limits.perMinute * worked, time.Minute}
	if proof != "" {
		paid := h.toll.Pay(ctx, who, proof)
		if paid == nil {
			return h.limits.within(ctx, "worked", who, more)
		}
		if fault.From(paid).Kind == fault.Internal {
			return paid
		}
		err = paid
	} else {
		err = errProof.After(fault.From(err).RetryAfter)
	}
	used := h.limits.used(ctx, "worked", who, more)
	bits := toll.Easiest + int(used*float64(toll.Hardest-toll.Easiest))
	return fault.From(err).With("challenge", &Challenge{h.toll.Challenge(who, bits), bits})
}

// unsealed bounds what comes without ever having asked for the page: programs
// that post to it. They have a call of their own.
func (h publicRoutes) unsealed(ctx context.Context) error {
	return h.limits.within(ctx, "unsealed", place(requestOf(ctx).address), rate{max(1, h.limits.perMinute/4), time.Minute})
}
