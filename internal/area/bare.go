package area

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// bare gives a file of a type without what its maker's programs have written
// about it: camera, place, author. ok is false for types of which that is not
// known, and for what is not what its type says.
//
// What people see in it stays. A PDF keeps all it has; what of it can be read is
// held against who the customer is.
func bare(mime string, content []byte) (clean []byte, ok bool) {
	mime, _, _ = strings.Cut(mime, ";")
	switch {
	case mime == "image/jpeg":
		return bareJPEG(content)
	case mime == "image/png":
		return barePNG(content)
	case mime == "application/pdf", mime == "text/plain", mime == "text/csv":
		return content, true
	}
	return nil, false
}

// bareJPEG leaves out the application segments but JFIF's and Adobe's, without
// which colours are others, the comments, and whatever follows the picture (ITU
// T.81, annex B): behind it some cameras put a second one with its own notes.
func bareJPEG(content []byte) ([]byte, bool) {
	if !bytes.HasPrefix(content, []byte{0xff, 0xd8}) {
		return nil, false
	}
	out := append(make([]byte, 0, len(content)), 0xff, 0xd8)
	for at := 2; at+4 <= len(content) || at+2 == len(content); {
		marker := content[at+1]
		switch {
		case content[at] != 0xff:
			return nil, false
		case marker == 0xff: // fill
			at++
			continue
		case marker == 0xd9:
			return append(out, 0xff, 0xd9), true
		case at+4 > len(content):
			return nil, false
		}
		end := at + 2 + int(binary.BigEndian.Uint16(content[at+2:]))
		if end < at+4 || end > len(content) {
			return nil, false
		}
		if noted := marker > 0xe0 && marker <= 0xef && marker != 0xee || marker == 0xfe; !noted {
			out = append(out, content[at:end]...)
		}
		at = end
		if marker == 0xda { // the picture's own bytes, up to the next marker
			end = afterScan(content, at)
			out = append(out, content[at:end]...)
			at = end
		}
	}
	return nil, false
}

// afterScan is where the coded bytes from at end: 0xff is followed there by 0 or
// is a restart.
func afterScan(content []byte, at int) int {
	for ; at+1 < len(content); at++ {
		if next := content[at+1]; content[at] == 0xff && next != 0 && (next < 0xd0 || next > 0xd7) {
			return at
		}
	}
	return len(content)
}

var pngHead = []byte("\x89PNG\r\n\x1a\n")

// barePNG leaves out every chunk that is not needed to show the picture (PNG
// third edition, 5.6): texts, EXIF, time and what is private.
func barePNG(content []byte) ([]byte, bool) {
	if !bytes.HasPrefix(content, pngHead) {
		return nil, false
	}
	out := append(make([]byte, 0, len(content)), pngHead...)
	for at := len(pngHead); at+12 <= len(content); {
		size := int(binary.BigEndian.Uint32(content[at:]))
		if size > len(content)-at-12 {
			return nil, false
		}
		chunk := content[at : at+12+size]
		at += len(chunk)
		switch kind := string(chunk[4:8]); kind {
		case "IHDR", "PLTE", "IDAT", "tRNS", "gAMA", "cHRM", "sRGB", "sBIT", "bKGD", "pHYs":
			out = append(out, chunk...)
		case "IEND":
			return append(out, chunk...), true
		}
	}
	return nil, false
}
