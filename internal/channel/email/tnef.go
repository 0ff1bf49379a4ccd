package email

import (
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf16"
)

// placeTNEF unpacks winmail.dat, in which Outlook wraps a mail it sends to
// others of its kind by mistake (MS-OXTNEF). What cannot be unpacked stays the
// file it is, with a warning.
func (m *Mail) placeTNEF(c *content, d *decodedLeaf) bool {
	kind := d.kind.value
	if kind != "application/ms-tnef" && kind != "application/vnd.ms-tnef" && !strings.EqualFold(d.name(), "winmail.dat") {
		return false
	}
	t, err := readTNEF(d.data)
	if err != nil && len(t.files) == 0 || len(t.files) == 0 && t.body == "" && t.html == nil {
		m.warn(WarnTNEF)
		return false
	}
	if err != nil {
		m.warn(WarnTNEF)
	}
	for _, f := range t.files {
		kind := strings.ToLower(f.mime)
		if !mimeType.MatchString(kind) {
			kind = "application/octet-stream"
		}
		m.addPart(Part{Name: fileName(f.name, kind), Mime: kind, ContentID: strings.Trim(cleanLine(f.cid, 200), "<> "), Data: f.data})
	}
	c.fallback = t.body
	if c.fallback == "" && t.html != nil {
		markup, _ := toUTF8(t.html[:min(len(t.html), MaxHTML)], metaCharset(t.html))
		c.fallback = htmlText(markup)
	}
	return true
}

type tnefFile struct {
	name, mime, cid string
	data            []byte
}

type tnef struct {
	files []tnefFile
	body  string
	html  []byte
}

var errTNEF = errors.New("broken TNEF")

// Attributes of TNEF and properties of MAPI that are read.
const (
	tnefSignature = 0x223e9f78

	attBody       = 0x0002800c
	attMessage    = 0x00069003
	attRenderData = 0x00069002 // begins a file
	attTitle      = 0x00018010
	attData       = 0x0006800f
	attAttachment = 0x00069005

	propBody     = 0x1000
	propHTML     = 0x1013
	propData     = 0x3701
	propFile     = 0x3704
	propLongFile = 0x3707
	propMime     = 0x370e
	propCID      = 0x3712
)

// readTNEF reads what it can; with an error it gives what came before it. Every
// length is checked against what is there, and nothing is copied.
func readTNEF(b []byte) (t tnef, err error) {
	if len(b) < 6 || binary.LittleEndian.Uint32(b) != tnefSignature {
		return t, errTNEF
	}
	b = b[6:]
	for len(b) > 0 {
		if len(b) < 11 {
			return t, errTNEF
		}
		id, size := binary.LittleEndian.Uint32(b[1:]), uint64(binary.LittleEndian.Uint32(b[5:]))
		if size+11 > uint64(len(b)) {
			return t, errTNEF
		}
		data := b[9 : 9+size]
		b = b[size+11:]
		if id != attRenderData && len(t.files) == 0 && (id == attTitle || id == attData || id == attAttachment) {
			t.files = append(t.files, tnefFile{})
		}
		last := len(t.files) - 1
		switch id {
		case attBody:
			t.body, _ = toUTF8(trimNUL(data), "windows-1252")
		case attRenderData:
			if len(t.files) >= MaxParts {
				return t, errTNEF
			}
			t.files = append(t.files, tnefFile{})
		case attTitle:
			if t.files[last].name == "" {
				t.files[last].name, _ = toUTF8(trimNUL(data), "windows-1252")
			}
		case attData:
			t.files[last].data = data
		case attAttachment:
			err = errors.Join(err, eachProperty(data, t.files[last].property))
		case attMessage:
			err = errors.Join(err, eachProperty(data, t.property))
		}
	}
	return t, err
}

func (t *tnef) property(id uint16, kind uint16, value []byte) {
	switch id {
	case propBody:
		t.body = propertyText(kind, value)
	case propHTML:
		t.html = value
	}
}

func (f *tnefFile) property(id uint16, kind uint16, value []byte) {
	switch id {
	case propLongFile:
		f.name = propertyText(kind, value)
	case propFile:
		if f.name == "" {
			f.name = propertyText(kind, value)
		}
	case propMime:
		f.mime = propertyText(kind, value)
	case propCID:
		f.cid = propertyText(kind, value)
	case propData:
		if f.data == nil && kind == 0x0102 {
			f.data = value
		}
	}
}

// eachProperty goes through a list of MAPI properties.
func eachProperty(b []byte, visit func(id, kind uint16, value []byte)) error {
	r := tnefReader{b: b}
	for n := r.u32(); n > 0 && !r.bad; n-- {
		kind, id := r.u16(), r.u16()
		if id >= 0x8000 { // named
			r.take(16)
			if r.u32() == 0 {
				r.u32()
			} else {
				r.padded(r.u32())
			}
		}
		count := uint32(1)
		sized := kind&0xfff == 0x1e || kind&0xfff == 0x1f || kind&0xfff == 0x102 || kind&0xfff == 0xd
		if kind&0x1000 != 0 || sized {
			count = r.u32()
		}
		if !sized && fixedSize(kind&0xfff) == 0 {
			count = 0 // a list of nothings, however long
		}
		for ; count > 0 && !r.bad; count-- {
			var value []byte
			switch {
			case sized:
				value = r.padded(r.u32())
			default:
				value = r.padded(fixedSize(kind & 0xfff))
			}
			if !r.bad {
				visit(id, kind&0xfff, value)
			}
			if len(r.b) == 0 && count > 1 {
				r.bad = true
			}
		}
	}
	if r.bad {
		return errTNEF
	}
	return nil
}

// fixedSize is how many bytes a value of a type takes.
func fixedSize(kind uint16) uint32 {
	switch kind {
	case 0x05, 0x06, 0x07, 0x14, 0x40:
		return 8
	case 0x48:
		return 16
	case 0x01:
		return 0
	}
	return 4
}

func propertyText(kind uint16, value []byte) string {
	if kind == 0x1f {
		units := make([]uint16, 0, len(value)/2)
		for i := 0; i+1 < len(value) && i < 4*MaxText; i += 2 {
			units = append(units, binary.LittleEndian.Uint16(value[i:]))
		}
		return strings.TrimRight(string(utf16.Decode(units)), "\x00")
	}
	s, _ := toUTF8(trimNUL(value), "windows-1252")
	return s
}

func trimNUL(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return b
}

// tnefReader takes values off b; bad once there was not enough.
type tnefReader struct {
	b   []byte
	bad bool
}

func (r *tnefReader) take(n uint32) []byte {
	if r.bad || uint64(n) > uint64(len(r.b)) {
		r.bad = true
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

// padded takes n bytes and what fills them up to a multiple of four.
func (r *tnefReader) padded(n uint32) []byte {
	v := r.take(n)
	r.take(min((4-n%4)%4, uint32(len(r.b))))
	return v
}

func (r *tnefReader) u16() uint16 {
	if v := r.take(2); v != nil {
		return binary.LittleEndian.Uint16(v)
	}
	return 0
}

func (r *tnefReader) u32() uint32 {
	if v := r.take(4); v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}
