package realtime_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/realtime"
)

// Attack 78: the protocol itself, after the cases of the Autobahn suite's groups
// 1 to 7 that bear on a server which only accepts short text messages.
func TestAttack78TheProtocolIsKept(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	v := realtime.Visitor{Actor: f.account(access.Admin)}
	ping := []byte(`{"type":"ping"}`)
	utf8 := []byte(`{"type":"ação κόσμε 𝄞"}`)
	cat := func(frames ...[]byte) []byte { return bytes.Join(frames, nil) }
	closeWith := func(code int, text string) []byte {
		return frame(true, 0, 8, append(binary.BigEndian.AppendUint16(nil, uint16(code)), text...))
	}
	const stays = 0
	for name, c := range map[string]struct {
		send []byte
		code int // what it ends with, or stays
	}{
		"1.1 text":                                   {frame(true, 0, 1, ping), stays},
		"1.1.1 empty text":                           {frame(true, 0, 1, nil), stays},
		"1.1.2 125 bytes":                            {frame(true, 0, 1, bytes.Repeat([]byte{'*'}, 125)), stays},
		"1.1.3 126 bytes":                            {frame(true, 0, 1, bytes.Repeat([]byte{'*'}, 126)), stays},
		"1.1.4 127 bytes":                            {frame(true, 0, 1, bytes.Repeat([]byte{'*'}, 127)), stays},
		"1.1.5 4096 bytes":                           {frame(true, 0, 1, bytes.Repeat([]byte{'*'}, 4096)), stays},
		"1.1.6 65536 bytes":                          {frame(true, 0, 1, bytes.Repeat([]byte{'*'}, 65536)), 1009},
		"2.3 ping with payload":                      {frame(true, 0, 9, bytes.Repeat([]byte{0xfe}, 125)), stays},
		"2.5 ping too long":                          {frame(true, 0, 9, bytes.Repeat([]byte{0xfe}, 126)), 1002},
		"2.7 unsolicited pong":                       {frame(true, 0, 10, []byte("x")), stays},
		"2.10 ten pings":                             {bytes.Repeat(frame(true, 0, 9, []byte("x")), 10), stays},
		"3.1 RSV3":                                   {frame(true, 0x10, 1, ping), 1002},
		"3.2 RSV2":                                   {cat(frame(true, 0, 1, ping), frame(true, 0x20, 1, ping)), 1002},
		"3.5 all RSV on binary":                      {frame(true, 0x70, 2, ping), 1002},
		"3.6 RSV on ping":                            {frame(true, 0x50, 9, nil), 1002},
		"4.1.1 opcode 3":                             {frame(true, 0, 3, nil), 1002},
		"4.1.5 opcode 7":                             {frame(true, 0, 7, ping), 1002},
		"4.2.1 opcode 11":                            {frame(true, 0, 11, nil), 1002},
		"4.2.5 opcode 15":                            {frame(true, 0, 15, ping), 1002},
		"5.1 fragmented ping":                        {cat(frame(false, 0, 9, []byte("a")), frame(true, 0, 0, []byte("b"))), 1002},
		"5.3 two fragments":                          {cat(frame(false, 0, 1, ping[:4]), frame(true, 0, 0, ping[4:])), stays},
		"5.6 ping between fragments":                 {cat(frame(false, 0, 1, ping[:4]), frame(true, 0, 9, nil), frame(true, 0, 0, ping[4:])), stays},
		"5.9 continuation of nothing":                {frame(true, 0, 0, ping), 1002},
		"5.10 unfinished continuation of nothing":    {frame(false, 0, 0, ping), 1002},
		"5.18 text within text":                      {cat(frame(false, 0, 1, []byte("a")), frame(true, 0, 1, []byte("b"))), 1002},
		"6.1 fragments of nothing":                   {cat(frame(false, 0, 1, nil), frame(false, 0, 0, nil), frame(true, 0, 0, nil)), stays},
		"6.2.1 UTF-8":                                {frame(true, 0, 1, utf8), stays},
		"6.2.3 UTF-8 cut anywhere":                   {bytewise(utf8), stays},
		"6.3.1 no UTF-8":                             {frame(true, 0, 1, []byte("\xce\xba\xe1\xbd\xb9\xed\xa0\x80edited")), 1007},
		"6.6.1 half a character":                     {frame(true, 0, 1, []byte("\xce")), 1007},
		"6.10 above U+10FFFF":                        {frame(true, 0, 1, []byte("\xf4\x90\x80\x80")), 1007},
		"6.14 overlong":                              {frame(true, 0, 1, []byte("\xc0\xaf")), 1007},
		"6.20 surrogate":                             {frame(true, 0, 1, []byte("\xed\xbf\xbf")), 1007},
		"7.1.3 after the close":                      {cat(closeWith(1000, ""), frame(true, 0, 9, nil)), 1000},
		"7.3.1 close without a code":                 {frame(true, 0, 8, nil), 1005},
		"7.3.2 close with half a code":               {frame(true, 0, 8, []byte{3}), 1005}, // the library takes it for none
		"7.3.4 close with a reason":                  {closeWith(1000, "até logo"), 1000},
		"7.3.6 reason too long":                      {closeWith(1000, strings.Repeat("x", 124)), 1002},
		"7.5.1 reason not UTF-8":                     {closeWith(1000, "\xce\xba\xe1\xbd\xb9\xed\xa0\x80"), 1002},
		"7.7 codes of applications":                  {closeWith(3000, ""), 3000},
		"7.9 code 0":                                 {closeWith(0, ""), 1002},
		"7.9 code 1005":                              {closeWith(1005, ""), 1002},
		"7.9 code 1016":                              {closeWith(1016, ""), 1002},
		"7.9 code 2999":                              {closeWith(2999, ""), 1002},
		"no mask":                                    {[]byte{0x81, 0x02, '{', '}'}, 1002},
		"a length of 2^63":                           {[]byte{0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, -1},
		"a length of 2^63-1, of which nothing comes": {[]byte{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, 1009},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := f.dial(v)
			if _, err := conn.NetConn().Write(c.send); err != nil {
				t.Fatal(err)
			}
			if c.code == stays {
				// Whether it still answers says that it is still there.
				if _, err := conn.NetConn().Write(frame(true, 0, 9, []byte("there?"))); err != nil {
					t.Fatal(err)
				}
				answered := false
				conn.SetPongHandler(func(data string) error {
					if answered = data == "there?"; answered {
						return fmt.Errorf("enough")
					}
					return nil
				})
				if code := closing(conn); !answered {
					t.Errorf("closed with %d", code)
				}
			} else if code := closing(conn); code != c.code {
				t.Errorf("closed with %d, want %d", code, c.code)
			}
			_ = conn.Close()
		})
	}
}

// frame is one masked frame as a browser sends it, or as it must not.
func frame(fin bool, rsv byte, opcode byte, payload []byte) []byte {
	first := rsv | opcode
	if fin {
		first |= 0x80
	}
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	key := [4]byte{1, 2, 3, 4}
	b = append(b, key[:]...)
	for i, c := range payload {
		b = append(b, c^key[i%4])
	}
	return b
}

// bytewise sends a text one byte a fragment.
func bytewise(text []byte) (all []byte) {
	for i, c := range text {
		opcode := byte(0)
		if i == 0 {
			opcode = 1
		}
		all = append(all, frame(i == len(text)-1, 0, opcode, []byte{c})...)
	}
	return all
}
