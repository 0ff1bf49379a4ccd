package brazil

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

func TestParsePhone(t *testing.T) {
	for _, v := range []struct {
		in   string
		want Phone
		kind PhoneKind
	}{
		{"0800 979 2345", "+558009792345", PhoneTollFree},
		{"0800 61 1997", "+55800611997", PhoneTollFree},
		{"(11) 91234-5678", "+5511912345678", PhoneMobile},
		{"+55 11 91234-5678", "+5511912345678", PhoneMobile},
		{"5511912345678", "+5511912345678", PhoneMobile},
		{"011 91234 5678", "+5511912345678", PhoneMobile},
		{"0 15 11 91234-5678", "+5511912345678", PhoneMobile},
		{"(11) 2345-6789", "+551123456789", PhoneFixed},
		{"4004-0001", "+5540040001", PhoneSharedCost},
		{"3003-1234", "+5530031234", PhoneSharedCost},
		{"(11) 7812-3456", "+551178123456", PhoneMobile}, // legacy trunking
		{"+351 912 345 678", "+351912345678", PhoneMobile},
	} {
		got, err := ParsePhone(v.in)
		if err != nil || got != v.want {
			t.Errorf("ParsePhone(%q) = %q, %v; want %q", v.in, got, err, v.want)
			continue
		}
		if got.Kind() != v.kind {
			t.Errorf("%s is %s, want %s", got, got.Kind(), v.kind)
		}
	}
	for _, in := range []string{
		"", "(11) 81234-5678", "11 9123-4567", "(10) 91234-5678", "(20) 91234-5678", "(21) 71234-5678",
		"0304 123 4567", "1331", "145", "151", "190", "abc", "+", "123456789012345678901234567890",
	} {
		if got, err := ParsePhone(in); !errors.Is(err, ErrPhone) {
			t.Errorf("ParsePhone(%q) = %q, %v; want ErrPhone", in, got, err)
		}
	}
}

func TestSixtySevenAreaCodes(t *testing.T) {
	var valid []int
	for ddd := 10; ddd <= 99; ddd++ {
		if _, err := ParsePhone(fmt.Sprintf("(%d) 91234-5678", ddd)); err == nil {
			valid = append(valid, ddd)
		}
	}
	if len(valid) != 67 || slices.Contains(valid, 20) || !slices.Contains(valid, 99) {
		t.Errorf("%d area codes: %v", len(valid), valid)
	}
}

func TestACallersNinthDigitIsPutBack(t *testing.T) {
	const want = Phone("+5511987654321")
	for _, in := range []string{"551187654321", "+55 11 8765-4321", "1187654321", "01187654321", "5511987654321", "+5511987654321"} {
		if got, err := ParseCallerID(in); err != nil || got != want {
			t.Errorf("ParseCallerID(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for in, fixed := range map[string]Phone{"1123456789": "+551123456789", "551123456789": "+551123456789"} {
		if got, err := ParseCallerID(in); err != nil || got != fixed {
			t.Errorf("ParseCallerID(%q) = %q, %v; want %q", in, got, err, fixed)
		}
	}
	for _, in := range []string{"", "anonymous", "190", "2087654321", "55118765432"} {
		if got, err := ParseCallerID(in); !errors.Is(err, ErrPhone) {
			t.Errorf("ParseCallerID(%q) = %q, %v; want ErrPhone", in, got, err)
		}
	}
}

func TestPhoneIsShownAsPeopleWriteIt(t *testing.T) {
	if got := Phone("+5511912345678").String(); got != "(11) 91234-5678" {
		t.Errorf("String = %q", got)
	}
	if got := Phone("+351912345678").String(); got != "+351 912 345 678" {
		t.Errorf("String = %q", got)
	}
	if got := Phone("+5511912345678").Last(4); got != "5678" {
		t.Errorf("Last = %q", got)
	}
}
