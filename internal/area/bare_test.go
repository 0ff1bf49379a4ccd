package area

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"testing"
)

func picture(t testing.TB) (asJPEG, asPNG []byte) {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 24, 24))
	for i := range img.Pix {
		img.Pix[i] = byte(i * 37)
	}
	var j, p bytes.Buffer
	if err := jpeg.Encode(&j, img, nil); err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(&p, img); err != nil {
		t.Fatal(err)
	}
	return j.Bytes(), p.Bytes()
}

func segment(marker byte, text string) []byte {
	out := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(text)+2))
	return append(out, text...)
}

func chunk(kind, text string) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(text)))
	out = append(out, kind+text...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE([]byte(kind+text)))
}

// What a camera or a program notes about a picture goes, and the picture stays.
func TestAPictureIsBaredOfWhatWasNotedAboutIt(t *testing.T) {
	t.Parallel()
	j, p := picture(t)
	noted := append([]byte{}, j[:2]...)
	for _, s := range [][]byte{segment(0xe1, "Exif\x00\x00Rosa Lima"), segment(0xed, "Rosa Lima"), segment(0xfe, "Rosa Lima")} {
		noted = append(noted, s...)
	}
	noted = append(append(noted, j[2:]...), "Rosa Lima"...)
	clean, ok := bare("image/jpeg", noted)
	if !ok || bytes.Contains(clean, []byte("Rosa")) {
		t.Errorf("JPEG: %v, %q", ok, clean)
	}
	before, _ := jpeg.Decode(bytes.NewReader(j))
	after, err := jpeg.Decode(bytes.NewReader(clean))
	if err != nil || !bytes.Equal(before.(*image.Gray).Pix, after.(*image.Gray).Pix) {
		t.Errorf("another picture: %v", err)
	}
	head := len(pngHead) + 25 // IHDR
	noted = append([]byte{}, p[:head]...)
	for _, c := range [][]byte{chunk("tEXt", "Author\x00Rosa Lima"), chunk("eXIf", "Rosa Lima"), chunk("prVt", "Rosa Lima")} {
		noted = append(noted, c...)
	}
	noted = append(append(noted, p[head:]...), "Rosa Lima"...)
	if clean, ok = bare("image/png", noted); !ok || !bytes.Equal(clean, p) {
		t.Errorf("PNG: %v, %q", ok, clean)
	}
	for _, mime := range []string{"image/webp", "application/zip", "video/mp4", "application/octet-stream", "text/html"} {
		if _, ok := bare(mime, j); ok {
			t.Errorf("%s is let through", mime)
		}
	}
}

func FuzzBare(f *testing.F) {
	j, p := picture(f)
	f.Add(j)
	f.Add(p)
	f.Add(append(j[:2:2], segment(0xe1, "x")...))
	f.Add([]byte{0xff, 0xd8, 0xff, 0xd9})
	f.Add(append(append([]byte{}, pngHead...), 0xff, 0xff, 0xff, 0xff))
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, mime := range []string{"image/jpeg", "image/png"} {
			clean, ok := bare(mime, content)
			if len(clean) > len(content) {
				t.Errorf("%s grew", mime)
			}
			if again, still := bare(mime, clean); ok && (!still || !bytes.Equal(again, clean)) {
				t.Errorf("%s: baring what is bare changes it", mime)
			}
		}
	})
}
