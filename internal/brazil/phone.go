package brazil

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Phone is a number in E.164, such as +5511912345678: one writing for each
// line, so that two contacts from it are seen to be of one person.
type Phone string

// PhoneKind is what sort of line it is, as far as its number tells.
type PhoneKind string

// The kinds of line.
const (
	PhoneMobile     PhoneKind = "mobile"
	PhoneFixed      PhoneKind = "fixed"
	PhoneTollFree   PhoneKind = "toll_free"   // 0800
	PhoneSharedCost PhoneKind = "shared_cost" // 4004, 3003: no area code
	PhoneOther      PhoneKind = "other"
)

// ParsePhone reads a number that a person typed. A number without country code
// is a Brazilian one. A mobile with eight digits is refused, not completed: a
// person who left one digit out may as well have left out another. Short codes
// (190, 145) are no numbers of a customer.
func ParsePhone(s string) (Phone, error) {
	if len(s) > longest {
		return "", ErrPhone
	}
	n, err := phonenumbers.Parse(s, "BR")
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return "", ErrPhone
	}
	return Phone(phonenumbers.Format(n, phonenumbers.E164)), nil
}

// ParseCallerID reads a number that a machine sent: a telephone exchange or a
// messaging service, some of which still name Brazilian mobiles without the
// ninth digit that all have had since 2016. There it is put back, so that both
// writings are one line.
func ParseCallerID(s string) (Phone, error) {
	p, err := ParsePhone(s)
	if err == nil {
		return p, nil
	}
	c, ok := compact(strings.TrimPrefix(strings.TrimSpace(s), "+"))
	if !ok || !digits(c) {
		return "", ErrPhone
	}
	c = strings.TrimLeft(c, "0")
	if len(c) == 12 {
		c = strings.TrimPrefix(c, "55")
	}
	// Area code and eight digits, the first of which is no fixed line's.
	if len(c) != 10 || c[2] < '6' {
		return "", ErrPhone
	}
	return ParsePhone("+55" + c[:2] + "9" + c[2:])
}

// Kind is the sort of line.
func (p Phone) Kind() PhoneKind {
	n, err := phonenumbers.Parse(string(p), "BR")
	if err != nil {
		return PhoneOther
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.MOBILE:
		return PhoneMobile
	case phonenumbers.FIXED_LINE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return PhoneFixed
	case phonenumbers.TOLL_FREE:
		return PhoneTollFree
	case phonenumbers.SHARED_COST, phonenumbers.UAN:
		return PhoneSharedCost
	}
	return PhoneOther
}

// String is the number as people here write it: nationally for Brazil,
// internationally for the rest.
func (p Phone) String() string {
	n, err := phonenumbers.Parse(string(p), "BR")
	if err != nil {
		return string(p)
	}
	if n.GetCountryCode() == 55 {
		return phonenumbers.Format(n, phonenumbers.NATIONAL)
	}
	return phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
}

// Last is the final n digits, which a customer is asked for as a proof.
func (p Phone) Last(n int) string {
	if len(p) < n {
		return string(p)
	}
	return string(p[len(p)-n:])
}
