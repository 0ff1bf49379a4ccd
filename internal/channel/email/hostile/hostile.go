// Package hostile makes the files with which other desks were broken: mails
// that are malformed, enormous, nested without end or sent by programs, names
// and HTML that attack whoever shows them, and archives that explode. Each is
// named after the row of attacks it stands for. Tests feed them to whatever
// reads what strangers send; nothing of the product uses this package.
package hostile

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"sync"
)

// File is one hostile file. Those whose name ends in .eml are mails.
type File struct {
	Name string
	Data []byte
}

// Mail reports whether the file is a mail.
func (f File) Mail() bool { return strings.HasSuffix(f.Name, ".eml") }

// Files are all 94 of them, always the same: Mails and the others. The two bombs
// unpack to 300 MB, and making them takes a second or more. Callers must not
// change the data.
var Files = sync.OnceValue(func() []File {
	w := writer{list: slices.Clone(Mails())}
	w.files()
	return w.list
})

// Mails are the 85 that are mails.
var Mails = sync.OnceValue(func() []File {
	var w writer
	w.malformed()
	w.automatic()
	w.headers()
	w.names()
	w.markup()
	return w.list
})

// Find is the mail whose name begins with prefix, such as "m15"; it panics when
// there is none, as only a test can ask.
func Find(prefix string) File {
	for _, f := range Mails() {
		if strings.HasPrefix(f.Name, prefix) {
			return f
		}
	}
	panic("hostile: no mail " + prefix)
}

type writer struct {
	list   []File
	nextID int
}

func (w *writer) add(name string, data ...string) {
	w.list = append(w.list, File{name, []byte(strings.Join(data, ""))})
}

// head is what a mail of this collection begins with where nothing else is said.
type head struct{ extra, from, to, subject, id string }

const (
	text   = "Content-Type: text/plain; charset=utf-8\r\n\r\n"
	markup = "Content-Type: text/html; charset=utf-8\r\n\r\n"
)

func (w *writer) head(h head) string {
	or := func(s, standard string) string {
		if s == "" {
			return standard
		}
		return s
	}
	w.nextID++
	id := fmt.Sprintf(or(h.id, "<%s@example.net>"), fmt.Sprintf("hostil-%d", w.nextID))
	return "From: " + or(h.from, "Cliente <cliente@example.net>") + "\r\nTo: " + or(h.to, "sac@empresa.example") +
		"\r\nSubject: " + or(h.subject, "teste") + "\r\nDate: Mon, 02 Mar 2026 10:00:00 -0300\r\nMessage-ID: " + id +
		"\r\nMIME-Version: 1.0\r\n" + h.extra
}

// repeat joins n lines made by line.
func repeat(n int, line func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(line(i))
	}
	return b.String()
}

// latin1 writes s in ISO 8859-1.
func latin1(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

func (w *writer) files() {
	packed, sum := bomb()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.CreateRaw(&zip.FileHeader{Name: "0.bin", Method: zip.Deflate, CRC32: sum,
		UncompressedSize64: bombSize, CompressedSize64: uint64(len(packed))})
	if err == nil {
		_, err = f.Write(packed)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		panic(err) // memory does not fail to be written to
	}
	w.add("z1-zip-300MB.zip", b.String())
	trailer := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, sum), bombSize)
	w.add("z2-gzip-300MB.gz", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", string(packed), string(trailer))
	w.add("z3-billion-laughs.svg", `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">`, repeat(8, func(i int) string {
		return fmt.Sprintf(`<!ENTITY %c "%s">`, 'b'+i, strings.Repeat(fmt.Sprintf("&%c;", 'a'+i), 10))
	}), `]><svg xmlns="http://www.w3.org/2000/svg"><text>&i;</text></svg>`)
	w.add("z4-svg-script.svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>`)
	w.add("z5-polyglot.gif", "GIF89a/*", strings.Repeat("\x00", 20), "*/=1;alert(1)//<script>alert(1)</script>")
	w.add("z6-html-as-txt.txt", "<html><script>alert(document.domain)</script>")
	w.add("z7-png-60000x60000.png", png(60000, 60000))
	w.add("z8-xxe.svg", `<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text></svg>`)
	w.add("c1-names.txt", strings.Join([]string{`=HYPERLINK("http://evil","x")`, "+1+1", "-2+3", "@SUM(1)", "\t=1+1", "\r=1+1",
		"=cmd|'/c calc'!A0", "＝1+1", `"=1+1`, "Robert'); DROP TABLE--", "{{7*7}}", "${7*7}", "<%= 7*7 %>", "#{7*7}"}, "\n"))
}

const bombSize = 300_000_000 // bytes, unpacked

// bomb is a deflated stream of zeros and the checksum of what it unpacks to.
func bomb() (packed []byte, sum uint32) {
	var b bytes.Buffer
	z, err := flate.NewWriter(&b, flate.BestSpeed)
	zeros := make([]byte, 1_000_000)
	for n := 0; err == nil && n < bombSize; n += len(zeros) {
		sum = crc32.Update(sum, crc32.IEEETable, zeros)
		_, err = z.Write(zeros)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		panic(err)
	}
	return b.Bytes(), sum
}

// png is a picture that says to be of a size nobody has the memory for.
func png(width, height uint32) string {
	var b bytes.Buffer
	chunk := func(kind string, data []byte) {
		binary.Write(&b, binary.BigEndian, uint32(len(data)))
		b.WriteString(kind)
		b.Write(data)
		binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE(append([]byte(kind), data...)))
	}
	b.WriteString("\x89PNG\r\n\x1a\n")
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	chunk("IHDR", append(header, 8, 0, 0, 0, 0))
	// A zlib stream of a thousand zeros.
	chunk("IDAT", []byte("\x78\x9c\x63\x60\x18\x05\xa3\x60\x14\x0c\x77\x00\x00\x03\xe8\x00\x01"))
	chunk("IEND", nil)
	return b.String()
}
