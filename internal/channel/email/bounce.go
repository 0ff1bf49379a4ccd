package email

// Outcome is what a delivery report says became of a mail.
type Outcome string

// Outcomes (RFC 3464, 2.3.3).
const (
	OutcomeFailed    Outcome = "failed"
	OutcomeDelayed   Outcome = "delayed"   // still tried
	OutcomeDelivered Outcome = "delivered" // or relayed, or read
)

// Bounce is a report about the delivery of another mail. Anybody can write one:
// it counts only when OutID is set, or OriginalMessageID is one we sent to that
// recipient.
type Bounce struct {
	OriginalMessageID string // without angle brackets, empty when the report does not say
	OutID             int64  // from our return path (Signer.VerifyReturnPath), 0 when it came elsewhere
	Recipient         string // small letters, empty when the report does not say
	Outcome           Outcome
	Status            string // enhanced status code (RFC 3463) such as 5.1.1, empty when unknown
	// Hard says that the address itself is wrong for good, so that nothing should be
	// sent there again. A full mailbox or a refused text is failed, not hard.
	Hard       bool
	Diagnostic string // what the other server said, one line
}

func findBounce(h *header, l []decodedLeaf, m *Mail, o Options) *Bounce { return nil }
