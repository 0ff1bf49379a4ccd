package brazil

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseCPF(t *testing.T) {
	valid := map[string]CPF{
		"111.444.777-35":           "11144477735",
		"529.982.247-25":           "52998224725",
		"123.456.789-09":           "12345678909",
		"000.000.001-91":           "00000000191",
		"012.345.678-90":           "01234567890",
		"987.654.321-00":           "98765432100",
		"390.533.447-05":           "39053344705",
		"168.995.350-09":           "16899535009",
		"100.000.000-19":           "10000000019",
		"11144477735":              "11144477735",
		" 111 444 777 35\n":        "11144477735",
		"111.444.777–35":           "11144477735", // en dash, as word processors make it
		"111\u00a0444\u00a0777-35": "11144477735",
		"\u200b11144477735":        "11144477735",
		"１１１４４４７７７３５":              "11144477735",
		"111444777/35":             "11144477735",
	}
	for in, want := range valid {
		if got, err := ParseCPF(in); err != nil || got != want {
			t.Errorf("ParseCPF(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	invalid := []string{
		"", "111.444.777-36", "529.982.247-52", "123.456.789-10", "1114447773", "111444777350",
		"111.444.777-3A", "CPF 11144477735", "111444777٣5", strings.Repeat(" ", 200) + "11144477735",
	}
	for d := '0'; d <= '9'; d++ {
		invalid = append(invalid, strings.Repeat(string(d), 11))
	}
	for _, in := range invalid {
		if got, err := ParseCPF(in); !errors.Is(err, ErrCPF) {
			t.Errorf("ParseCPF(%q) = %q, %v; want ErrCPF", in, got, err)
		}
	}
}

func TestCPFIsShownFormattedOrMasked(t *testing.T) {
	c := CPF("11144477735")
	if got := c.String(); got != "111.444.777-35" {
		t.Errorf("String = %q", got)
	}
	if got := c.Mask(); got != "***.444.777-**" {
		t.Errorf("Mask = %q", got)
	}
	if got := CPF("").Mask(); got != "***" {
		t.Errorf("Mask of nothing = %q", got)
	}
}

func TestEveryCPFSurvivesItsOwnWriting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.StringMatching(`[0-9]{9}`).Filter(func(s string) bool { return !repeated(s) }).Draw(t, "body")
		c := body + string(modulo11(body, 10))
		c += string(modulo11(c, 11))
		got, err := ParseCPF(CPF(c).String())
		if err != nil || string(got) != c {
			t.Fatalf("ParseCPF(%s) = %q, %v", CPF(c), got, err)
		}
		// A wrong check digit is always found. (A wrong digit before them is not
		// quite: two rests share the check digit 0.)
		i := rapid.IntRange(9, 10).Draw(t, "at")
		wrong := []byte(c)
		wrong[i] = '0' + (wrong[i]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		if _, err := ParseCPF(string(wrong)); err == nil {
			t.Fatalf("%s accepted for %s", wrong, c)
		}
	})
}

func TestParseCNPJ(t *testing.T) {
	valid := []string{
		"12.ABC.345/01DE-35",
		"11.222.333/0001-81", "11.444.777/0001-61", "00.000.000/0001-91",
		"34.028.316/0001-03", "60.701.190/0001-04", "08.370.779/0001-49",
		"AA.AAA.AAA/0001-91", "AB.CDE.FGH/0001-95", "ZZ.ZZZ.ZZZ/ZZZZ-62",
		"12.ABC.345/0001-88", "12.ABC.345/0002-69",
		"AB.C12.345/0001-10", "B1.C2D.3E4/0001-79", "A1.B2C.3D4/E5F6-68",
		"0A.1B2.C3D/4E5F-23", "XY.Z98.765/000Z-07", "12.345.678/000A-08",
		// Valid too: the check digits are blind to characters equal modulo 11.
		"12.6BC.345/01DE-35", "12.LBC.345/01DE-35", "12.ABC.345/01DP-35", "12.ABC.345/F1DE-35",
	}
	for _, in := range valid {
		c, err := ParseCNPJ(in)
		if err != nil || c.String() != in {
			t.Errorf("ParseCNPJ(%q) = %q, %v", in, c, err)
		}
		if low, err := ParseCNPJ(strings.ToLower(in)); err != nil || low != c {
			t.Errorf("ParseCNPJ(%q) = %q, %v; want %q", strings.ToLower(in), low, err, c)
		}
	}
	for _, in := range []string{
		"", "12.ABC.345/01DE-36", "12.ABC.345/01ED-35", "12.ACB.345/01DE-35", "12.BBC.345/01DE-35",
		"12ABC3450IDE35", "12ABC34501DE3A", "00.000.000/0000-00", "1222333000181", "112223330001811",
		"12ABÇ34501DE35",
	} {
		if got, err := ParseCNPJ(in); !errors.Is(err, ErrCNPJ) {
			t.Errorf("ParseCNPJ(%q) = %q, %v; want ErrCNPJ", in, got, err)
		}
	}
}

func TestCNPJTellsItsKind(t *testing.T) {
	old, letters := CNPJ("11222333000181"), CNPJ("12ABC34501DE35")
	if old.Alphanumeric() || !letters.Alphanumeric() {
		t.Error("only the second is alphanumeric")
	}
	if a, b := CNPJ("12ABC345000188"), CNPJ("12ABC345000269"); a.Root() != b.Root() {
		t.Errorf("two establishments, roots %s and %s", a.Root(), b.Root())
	}
	if letters.Doubtful() || !CNPJ("12ABC345F1DE35").Doubtful() {
		t.Error("only the one with an F is doubtful")
	}
}

func TestParseDocumentTellsAPersonFromACompany(t *testing.T) {
	for in, want := range map[string]DocumentKind{"111.444.777-35": DocumentCPF, "12.abc.345/01de-35": DocumentCNPJ} {
		if kind, _, err := ParseDocument(in); err != nil || kind != want {
			t.Errorf("ParseDocument(%q) = %s, %v", in, kind, err)
		}
	}
	if _, _, err := ParseDocument("123"); !errors.Is(err, ErrDocument) {
		t.Errorf("err = %v", err)
	}
}

func TestParseAccessKey(t *testing.T) {
	valid := map[string]DocumentModel{
		"52060433009911002506550120000007800267301615":           ModelNFe,
		"13181017921427000125650010000000309887251170":           ModelNFCe,
		"33150308370779000149550010001100931002410775":           ModelNFe,
		"43171207364617000135550000000120141000120146":           ModelNFe,
		"35260711222333000181550010000000011123456783":           ModelNFe,
		"35260712ABC34501DE35550010000000011123456784":           ModelNFe,
		"352608A1B2C3D4E5F668650020001234561000000019":           ModelNFCe,
		"31261112ABC34501DE35570000000001231999999991":           ModelCTe,
		"35260712ABC34501DE35550010000000061123456780":           ModelNFe,
		"35260712ABC34501DE35550010000000151123456780":           ModelNFe,
		"3526 0712 abc3 4501 DE35 5500 1000 0000 0111 2345 6784": ModelNFe,
	}
	for in, model := range valid {
		k, err := ParseAccessKey(in)
		if err != nil || k.Model() != model {
			t.Errorf("ParseAccessKey(%q) = %q, %v", in, k, err)
			continue
		}
		body := string(k[:43])
		if _, err := ParseAccessKey(body + string('0'+(k[43]-'0'+1)%10)); !errors.Is(err, ErrAccessKey) {
			t.Errorf("%s with another check digit: %v", k, err)
		}
	}
	key := "35260712ABC34501DE3555001000000001112345678"
	for name, body := range map[string]string{
		"month 00":            key[:4] + "00" + key[6:],
		"month 13":            key[:4] + "13" + key[6:],
		"state 10":            "10" + key[2:],
		"state 34":            "34" + key[2:],
		"letter in the month": key[:5] + "A" + key[6:],
		"letter in the model": key[:20] + "5B" + key[22:],
		"unknown model":       key[:20] + "99" + key[22:],
		"letter in the code":  key[:42] + "A",
		"too short":           key[:42],
	} {
		if _, err := ParseAccessKey(body + string(modulo11(body, 9))); !errors.Is(err, ErrAccessKey) {
			t.Errorf("%s: err = %v", name, err)
		}
	}
}

func TestAccessKeySaysWhoSoldWhenAndWhichNumber(t *testing.T) {
	k := AccessKey("35260712ABC34501DE35550010000000011123456784")
	kind, issuer := k.Issuer()
	year, month := k.Issued()
	if kind != DocumentCNPJ || issuer != "12ABC34501DE35" || year != 2026 || month != 7 || k.Series() != 1 || k.Number() != 1 {
		t.Errorf("%s %s %d-%d series %d number %d", kind, issuer, year, month, k.Series(), k.Number())
	}
	if got := k.String(); got != "3526 0712 ABC3 4501 DE35 5500 1000 0000 0111 2345 6784" {
		t.Errorf("String = %q", got)
	}
	farmer := "352607" + "000" + "11144477735" + "55" + "920" + "000000007" + "1" + "12345678"
	k, err := ParseAccessKey(farmer + string(modulo11(farmer, 9)))
	if err != nil {
		t.Fatal(err)
	}
	if kind, issuer := k.Issuer(); kind != DocumentCPF || issuer != "11144477735" {
		t.Errorf("issuer %s %s", kind, issuer)
	}
}

func TestParseNUP(t *testing.T) {
	for _, in := range []string{
		"53500.083028/2023-02", "53500.061949/2017-68", "15414.615386/2021-05",
		"53500.007630/2018-78", "15414.622178/2019-30", "48500.005581/2013-94",
	} {
		if n, err := ParseNUP(in); err != nil || n.String() != in {
			t.Errorf("ParseNUP(%q) = %q, %v", in, n, err)
		}
	}
	for _, in := range []string{"", "53500.083028/2023-03", "53500.083028/2023-20", "5350008302820230", "53500.08302A/2023-02"} {
		if n, err := ParseNUP(in); !errors.Is(err, ErrNUP) {
			t.Errorf("ParseNUP(%q) = %q, %v", in, n, err)
		}
	}
}

func TestParseCEP(t *testing.T) {
	for in, want := range map[string]CEP{
		"01310-100": "01310100", "20040-020": "20040020", "70040-010": "70040010",
		"69900-000": "69900000", "01310100": "01310100", "01.310-100": "01310100",
	} {
		c, err := ParseCEP(in)
		if err != nil || c != want {
			t.Errorf("ParseCEP(%q) = %q, %v", in, c, err)
		}
	}
	if got := CEP("01310100").String(); got != "01310-100" {
		t.Errorf("String = %q", got)
	}
	for _, in := range []string{"", "00000-000", "1310-100", "013101000", "0131O-100"} {
		if c, err := ParseCEP(in); !errors.Is(err, ErrCEP) {
			t.Errorf("ParseCEP(%q) = %q, %v", in, c, err)
		}
	}
}
