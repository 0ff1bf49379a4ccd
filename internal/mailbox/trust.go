package mailbox

// mayKeep reports whether the secrets of the mailbox may go on to what next says:
// a secret is given to those servers only for which it was typed. Else whoever can
// change a mailbox could have its password sent to a server of their own. The
// answer is complaints of the secrets that have to be typed again.
func (m Mailbox) mayKeep(next Mailbox, c Change) error {
	var bad complaints
	if next.HasSecret && c.Secret == nil {
		bad.unless(next.Auth == m.Auth && m.trusts(next.IMAP) && m.trusts(next.SMTP) && m.trustsToken(next), "body.secret", "mailbox_secret_again")
	}
	if next.HasClientSecret && c.ClientSecret == nil {
		bad.unless(m.trustsToken(next), "body.client_secret", "mailbox_secret_again")
	}
	return bad.err()
}

// trusts reports whether a secret of the mailbox may be told to a server: it is
// one of its hosts, and the conversation is not less protected than it was.
func (m Mailbox) trusts(s Server) bool {
	if s.Host == "" {
		return true
	}
	for _, known := range []Server{m.IMAP, m.SMTP} {
		if s.Host == known.Host && (s.Security != Plain || known.Security == Plain) {
			return true
		}
	}
	return false
}

func (m Mailbox) trustsToken(next Mailbox) bool {
	return next.TokenURL == "" || next.TokenURL == m.TokenURL
}
