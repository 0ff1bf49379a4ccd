package email

// HeaderText makes one line of s that is safe as the text of a header: no line
// break, no control character, no mark that turns the direction of writing, at
// most MaxSubject runes, valid UTF-8. Encoding it for transport (RFC 2047) is
// left to whoever writes the mail.
func HeaderText(s string) string { return cleanLine(s, MaxSubject) }
