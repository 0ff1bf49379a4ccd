package channel

import "strings"

// ParseEmail reads one bare address (RFC 5321 addr-spec, dot-atom form) and
// returns it in small letters. Anything that a mail header could read as more
// than one recipient, or as another header, is refused: lists, display names,
// comments, quoted local parts, line breaks. So are addresses that are not
// ASCII, because two of them can look the same to a person and be different
// mailboxes.
//
// Small letters in the local part, too, against the letter of the standard: no
// provider in use tells them apart, and people do not either.
func ParseEmail(s string) (string, bool) {
	s = strings.ToLower(strings.Trim(s, " \t\r\n"))
	local, domain, ok := strings.Cut(s, "@")
	if !ok || len(local) > 64 || len(s) > 254 {
		return "", false
	}
	for part := range strings.SplitSeq(local, ".") {
		if part == "" || !only(part, atext) {
			return "", false
		}
	}
	labels := strings.Split(domain, ".")
	if len(labels) < 2 {
		return "", false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' || !only(l, letters+digits+"-") {
			return "", false
		}
	}
	// No top-level domain is all digits; an address by IP is no customer's.
	if only(labels[len(labels)-1], digits) {
		return "", false
	}
	return s, true
}

const (
	letters = "abcdefghijklmnopqrstuvwxyz"
	digits  = "0123456789"
	atext   = letters + digits + "!#$%&'*+-/=?^_`{|}~"
)

// only reports whether every byte of s is one of set.
func only(s, set string) bool {
	for i := range len(s) {
		if strings.IndexByte(set, s[i]) < 0 {
			return false
		}
	}
	return true
}
