package email

// AuthResult is one finding of our own mail server about who sent a mail.
type AuthResult struct {
	Method string // spf, dkim, dmarc…
	Value  string // pass, fail, none…
	Domain string // the one it was found for, small letters, empty when not said
}

func authResults(h *header, authserv []string) []AuthResult { return nil }
