package httpapi

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
)

// sends posts a form with one file; the file as the desk knows it afterwards.
func (w *world) sends(name, mime string, content []byte) (PublicFile, int) {
	w.t.Helper()
	kind, body := fieldBody(w.t.(*testing.T), "files", formTexts, name, mime, content)
	a := w.somebody().call("POST", "/api/public/tickets", kind, body)
	if a.status != 201 {
		return PublicFile{}, a.status
	}
	var receipt PublicReceipt
	a.into(&receipt)
	return w.follow(receipt).Messages[0].Files[0], a.status
}

// blobs are how many files are stored.
func (w *world) blobs() (n int) {
	w.t.Helper()
	w.must(w.server.services.Blobs.Each(w.t.Context(), func(string, int64) error { n++; return nil }))
	return n
}

// What a browser would run is only ever saved, and never as a page of ours.
func TestAttack045ActiveFilesAreOnlySaved(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	for name, f := range map[string]struct{ mime, content string }{
		"z4.svg":      {"image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>`},
		"z6.txt":      {"text/plain", `<html><script>alert(document.domain)</script>`},
		"pagina.html": {"text/html", `<!doctype html><script>alert(1)</script>`},
		"dados.xml":   {"application/xml", `<?xml version="1.0"?><x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>`},
		"arq.mhtml":   {"multipart/related", "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script>\r\n--x--"},
		"z5.gif":      {"image/gif", "GIF89a/*" + strings.Repeat("\x00", 20) + "*/=1;alert(1)//<script>alert(1)</script>"},
	} {
		file, _ := w.sends(name, f.mime, []byte(f.content))
		for _, url := range []string{file.URL, file.URL + "?s=1", file.URL + "?mime=text/html&inline=1"} {
			a := agent.get(url).want(200)
			if !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment;") || a.header.Get("X-Content-Type-Options") != "nosniff" ||
				!strings.Contains(a.header.Get("Content-Security-Policy"), "sandbox") || string(a.body) != f.content {
				t.Errorf("%s as %s: %v", name, url, a.header)
			}
		}
	}
}

// Names that are paths, commands or pictures of others are text beside a file
// whose place is its content's.
func TestAttack046And083NamesAreOnlyText(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	for sent, want := range map[string]string{
		"../../../../etc/cron.d/x":         "x",
		`..\\..\\x.exe`:                    "x.exe",
		"/etc/passwd":                      "passwd",
		"CON":                              "CON",
		"x.php.png.txt":                    "x.php.png.txt",
		"x.pht":                            "x.pht",
		"x.phtml":                          "x.phtml",
		".htaccess":                        ".htaccess",
		"%2e%2e%2fx":                       "%2e%2e%2fx",
		"=cmd|calc.csv":                    "=cmd|calc.csv",
		"nota\u202efdp.exe":                "notafdp.exe",
		"..":                               "arquivo",
		strings.Repeat("a", 4000) + ".txt": "",
	} {
		content := "conteudo de " + sent
		file, status := w.sends(sent, "application/octet-stream", []byte(content))
		if status != 201 {
			t.Errorf("%.40q: %d", sent, status)
			continue
		}
		if want != "" && file.Name != want || len(file.Name) > 300 {
			t.Errorf("%.40q is called %q", sent, file.Name)
		}
		a := agent.get(file.URL).want(200)
		if string(a.body) != content || strings.ContainsAny(a.header.Get("Content-Disposition"), "\r\n\u202e") {
			t.Errorf("%.40q comes back as %q, %q", sent, a.body, a.header.Get("Content-Disposition"))
		}
	}
	w.must(w.server.services.Blobs.Each(t.Context(), func(hash string, _ int64) error {
		if len(hash) != 64 || strings.Trim(hash, "0123456789abcdef") != "" {
			t.Errorf("a file lies at %q", hash)
		}
		return nil
	}))
}

// zeros writes so many bytes that pack well.
func zeros(t *testing.T, n int, w interface{ Write([]byte) (int, error) }) {
	t.Helper()
	for block := make([]byte, 1<<20); n > 0; n -= len(block) {
		if _, err := w.Write(block); err != nil {
			t.Fatal(err)
		}
	}
}

// image is a PNG of a size, with hardly anything in it.
func image(width, height uint32) []byte {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		_ = binary.Write(&b, binary.BigEndian, uint32(len(data)))
		b.WriteString(kind)
		b.Write(data)
		_ = binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE(append([]byte(kind), data...)))
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	chunk("IHDR", append(head, 8, 0, 0, 0, 0))
	chunk("IEND", nil)
	return b.Bytes()
}

// What would grow without end is kept as it came: nothing of ours opens it.
func TestAttack084BombsAreKeptPacked(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	var packed, gzipped, office bytes.Buffer
	z := zip.NewWriter(&packed)
	in, err := z.Create("0.bin")
	w.must(err)
	zeros(t, 8<<20, in)
	w.must(z.Close())
	g := gzip.NewWriter(&gzipped)
	zeros(t, 8<<20, g)
	w.must(g.Close())
	d := zip.NewWriter(&office)
	for _, part := range []string{"[Content_Types].xml", "word/document.xml", "word/vbaProject.bin", "../../../etc/cron.d/x"} {
		in, err := d.Create(part)
		w.must(err)
		fmt.Fprint(in, "Sub AutoOpen()")
	}
	w.must(d.Close())
	entities := `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">`
	for c := 'b'; c < 'j'; c++ {
		entities += fmt.Sprintf(`<!ENTITY %c "%s">`, c, strings.Repeat(fmt.Sprintf("&%c;", c-1), 10))
	}
	for name, content := range map[string][]byte{
		"z1.zip": packed.Bytes(), "z2.gz": gzipped.Bytes(), "macro.docx": office.Bytes(), "z7.png": image(60_000, 60_000),
		"z3.svg": []byte(entities + `]><svg xmlns="http://www.w3.org/2000/svg"><text>&i;</text></svg>`),
		"z8.svg": []byte(`<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text></svg>`),
		"js.pdf": []byte("%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"),
	} {
		file, status := w.sends(name, "application/octet-stream", content)
		if status != 201 || file.Size != int64(len(content)) {
			t.Errorf("%s: %d, %+v", name, status, file)
			continue
		}
		if a := agent.get(file.URL).want(200); !bytes.Equal(a.body, content) {
			t.Errorf("%s comes back with %d of %d bytes", name, len(a.body), len(content))
		}
	}
}

// Nothing at all, the limit, one byte over it, a length that lies and a sender
// who falls silent: what is refused leaves nothing behind.
func TestAttack085WhatIsRefusedLeavesNothing(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *Options) { o.readTimeout = time.Second })
	full := bytes.Repeat([]byte{7}, 1<<20)
	for name, c := range map[string]struct {
		content []byte
		status  int
	}{"nothing": {nil, 422}, "one over": {append(full[:len(full):len(full)], 7), 413}} {
		if _, status := w.sends("a.bin", "application/octet-stream", c.content); status != c.status {
			t.Errorf("%s: %d", name, status)
		}
	}
	if n := w.blobs(); n != 0 {
		t.Errorf("%d files are left of what was refused", n)
	}
	kind, body := fieldBody(t, "files", formTexts, "a.bin", "application/octet-stream", full[:1000])
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.base, "http://"))
	w.must(err)
	defer conn.Close()
	w.must(conn.SetDeadline(time.Now().Add(20 * time.Second)))
	fmt.Fprintf(conn, "POST /api/public/tickets HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", kind, len(body)+5000, body)
	if a, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil && a.StatusCode != http.StatusRequestTimeout && a.StatusCode != http.StatusBadRequest {
		t.Errorf("who falls silent is told %d", a.StatusCode)
	}
	if n := w.blobs(); n != 0 {
		t.Errorf("%d files are left of one that never came whole", n)
	}
	if file, status := w.sends("a.bin", "application/octet-stream", full); status != 201 || file.Size != 1<<20 {
		t.Errorf("the limit itself: %d, %+v", status, file)
	}
}

// A hundred people upload at once: each file is there, whole and once, and
// meanwhile the desk answers.
func TestAttack086AHundredUploadsAtOnce(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	const uploads = 100
	ids := make([]Upload, uploads)
	content := func(i int) []byte { return bytes.Repeat([]byte(fmt.Sprintf("%07d\n", i)), 8<<10) }
	var all sync.WaitGroup
	for i := range uploads {
		kind, body := fieldBody(t, "files", nil, fmt.Sprintf("%d.txt", i), "text/plain", content(i))
		all.Go(func() {
			for a := agent.call("POST", "/api/uploads", kind, body); ; a = agent.call("POST", "/api/uploads", kind, body) {
				switch a.status {
				case 201:
					a.into(&ids[i])
				case 408, 429, 503: // too many at once: again
					continue
				default:
					t.Errorf("upload %d: %d %s", i, a.status, a.body)
				}
				return
			}
		})
	}
	w.somebody().get("/healthz").want(200)
	all.Wait()
	agent.client.CloseIdleConnections() // those that were opened for nothing, too: a stop would wait for them
	if n := w.blobs(); n != uploads {
		t.Errorf("%d files of %d uploads", n, uploads)
	}
	for i, u := range ids {
		if u.Size != 64<<10 || u.Name != fmt.Sprintf("%d.txt", i) {
			t.Errorf("upload %d is %+v", i, u)
		}
	}
}
