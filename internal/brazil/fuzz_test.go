package brazil

import (
	"fmt"
	"testing"
)

// Whatever a parser accepts, it accepts again in its own writing, as the same.
func stable[T ~string](f *testing.F, parse func(string) (T, error), seeds ...string) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := parse(s)
		if err != nil {
			if v != "" {
				t.Fatalf("%q is refused and yet gives %q", s, v)
			}
			return
		}
		for _, again := range []string{string(v), fmt.Sprint(v)} {
			if w, err := parse(again); err != nil || w != v {
				t.Fatalf("%q gives %q; %q gives %q, %v", s, v, again, w, err)
			}
		}
	})
}

func FuzzParseCPF(f *testing.F)  { stable(f, ParseCPF, "111.444.777-35", "000.000.000-00", "") }
func FuzzParseCNPJ(f *testing.F) { stable(f, ParseCNPJ, "12.ABC.345/01DE-35", "00.000.000/0000-00") }
func FuzzParseCEP(f *testing.F)  { stable(f, ParseCEP, "01310-100", "00000-000") }
func FuzzParseNUP(f *testing.F)  { stable(f, ParseNUP, "53500.083028/2023-02") }
func FuzzParseProtocol(f *testing.F) {
	stable(f, ParseProtocol, "20261122 0000001 39", "20270228001234581")
}
func FuzzParseAccessKey(f *testing.F) {
	stable(f, ParseAccessKey, "35260712ABC34501DE35550010000000011123456784", "31261112ABC34501DE35570000000001231999999991")
}

func FuzzParsePhone(f *testing.F) {
	stable(f, ParsePhone, "(11) 91234-5678", "0800 61 1997", "+351 912 345 678", "0 15 11 91234-5678")
}

func FuzzParseCallerID(f *testing.F) { stable(f, ParseCallerID, "551187654321", "1123456789") }
