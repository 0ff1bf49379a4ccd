package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/gabriel-vasile/mimetype"
	"github.com/gofiber/fiber/v2"

	"github.com/escuta-sac/escuta/internal/antivirus"
	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
)

// maxFiles is how many files one message may bring.
const maxFiles = 10

// maxNameLength bounds the name of a file, in characters.
const maxNameLength = 200

var errFiles = fault.New(fault.Invalid, "files_refused")

// parts are a multipart body: texts by name, and files.
type parts struct {
	values map[string]string
	files  []*multipart.FileHeader
}

// fileNames are the names under which programs and browsers send files.
var fileNames = map[string]bool{"files": true, "files[]": true, "file": true}

// readForm takes a multipart body apart. A name of texts that ends in * may come
// several times, as ticked boxes do: a line each. Any other that comes twice, a name nobody
// asked for and a file in a text's place are refused, like in JSON; the texts
// that could be read are returned all the same, for a page to give them back.
func readForm(c *fiber.Ctx, texts ...string) (parts, error) {
	raw, err := c.MultipartForm()
	if err != nil {
		return parts{}, errBadRequest.Because(err)
	}
	if textsOf(raw) > maxJSON {
		return parts{}, errTooLarge // not given back either: a page would hold it several times over
	}
	f := parts{values: map[string]string{}}
	bad := errInvalid
	for name, values := range raw.Value {
		switch {
		case fileNames[name] && strings.Join(values, "") == "": // what a browser sends when no file was chosen
		case slices.Contains(texts, name+"*"):
			f.values[name] = strings.Join(values, "\n")
		case !slices.Contains(texts, name):
			bad = bad.Field("body."+short(name), "unknown")
		case len(values) != 1:
			bad = bad.Field("body."+name, "duplicate")
		default:
			f.values[name] = values[0]
		}
		if len(bad.Details) >= maxDetails {
			break
		}
	}
	for name, files := range raw.File {
		switch {
		case fileNames[name]:
			f.files = append(f.files, given(files)...)
		case len(bad.Details) < maxDetails:
			bad = bad.Field("body."+short(name), "unknown")
		}
	}
	if len(f.files) > maxFiles {
		bad = bad.Field("body.files", "too_many")
		bad.Details[len(bad.Details)-1].Args = map[string]any{"max": maxFiles}
	}
	if len(bad.Details) > 0 {
		return f, bad
	}
	return f, nil
}

// textsOf counts the bytes of all that is no file.
func textsOf(raw *multipart.Form) (n int) {
	for _, values := range raw.Value {
		for _, v := range values {
			n += len(v)
		}
	}
	return n
}

// object reads a text that is a JSON object of texts, which is how an object goes
// into a form.
func (f parts) object(name string) (map[string]string, error) {
	var object map[string]string
	if f.values[name] == "" {
		return nil, nil
	}
	if err := readStrict([]byte(f.values[name]), &object); err != nil {
		return nil, errInvalid.Field("body."+name, "not_object")
	}
	return object, nil
}

// given drops the empty part that a browser sends for a field without a file.
func given(files []*multipart.FileHeader) []*multipart.FileHeader {
	return slices.DeleteFunc(files, func(f *multipart.FileHeader) bool { return f.Filename == "" && f.Size == 0 })
}

func short(name string) string {
	if runes := []rune(strings.ToValidUTF8(name, "?")); len(runes) > 64 {
		return string(runes[:64])
	}
	return strings.ToValidUTF8(name, "?")
}

// store puts the files into the blob store. What is stored and then not taken
// in by anybody is swept after a day.
func (s *Server) store(ctx context.Context, files []*multipart.FileHeader) ([]channel.File, error) {
	stored := make([]channel.File, 0, len(files))
	for i, header := range files {
		f, err := s.storeOne(ctx, header)
		if refusal, ok := err.(fileRefusal); ok {
			return nil, refusal.fault(i, s.options.MaxUpload)
		}
		if err != nil {
			return nil, err
		}
		stored = append(stored, f)
	}
	return stored, nil
}

// fileRefusal is a code of what is wrong with a file.
type fileRefusal string

func (r fileRefusal) Error() string { return string(r) }

func (r fileRefusal) fault(i int, limit int64) error {
	sort := errFiles
	if r == "file_too_large" {
		sort = blob.ErrTooLarge.With("limit", limit)
	}
	return sort.Field(fmt.Sprintf("body.files[%d]", i), string(r))
}

func (s *Server) storeOne(ctx context.Context, header *multipart.FileHeader) (channel.File, error) {
	switch {
	case header.Size > s.options.MaxUpload:
		return channel.File{}, fileRefusal("file_too_large")
	case header.Size == 0:
		return channel.File{}, fileRefusal("file_empty")
	}
	content, err := header.Open()
	if err != nil {
		return channel.File{}, fmt.Errorf("open an uploaded file: %w", err)
	}
	defer content.Close()
	sniffed, err := mimetype.DetectReader(content)
	if err != nil {
		return channel.File{}, fmt.Errorf("read an uploaded file: %w", err)
	}
	name := fileName(header.Filename)
	if forged(name, header.Header.Get(fiber.HeaderContentType), sniffed) {
		return channel.File{}, fileRefusal("file_forged")
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return channel.File{}, fmt.Errorf("rewind an uploaded file: %w", err)
	}
	ref, err := s.services.Blobs.Put(ctx, content, s.options.MaxUpload)
	if err != nil {
		return channel.File{}, fmt.Errorf("store an uploaded file: %w", err)
	}
	// Without a verdict it is taken all the same, and handed out when there is one.
	if err := s.services.Scan.Check(ctx, ref.Hash); errors.Is(err, antivirus.ErrInfected) {
		return channel.File{}, fileRefusal("file_infected")
	}
	return channel.File{Blob: ref.Hash, Name: name, Mime: ref.Mime, Size: ref.Size}, nil
}

// telling are the types whose content is told by its first bytes without doubt:
// whoever sends something else under this name or type has forged it.
var telling = map[string]string{
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
	".pdf": "application/pdf", ".zip": "application/zip",
}

func forged(name, declared string, sniffed *mimetype.MIME) bool {
	if want, ok := telling[strings.ToLower(filepath.Ext(name))]; ok && !descends(sniffed, want) {
		return true
	}
	declared, _, _ = strings.Cut(declared, ";")
	declared = strings.ToLower(strings.TrimSpace(declared))
	for _, known := range telling {
		if declared == known && !descends(sniffed, known) {
			return true
		}
	}
	return false
}

// descends is true for a type and what is built on it: a document of an office
// program is a zip file.
func descends(m *mimetype.MIME, want string) bool {
	for ; m != nil; m = m.Parent() {
		if m.Is(want) {
			return true
		}
	}
	return false
}

// fileName keeps what the sender called it, without folders and without
// characters that could turn a line or a direction of reading.
func fileName(sent string) string {
	sent = strings.ToValidUTF8(sent, "")
	if i := strings.LastIndexAny(sent, `/\`); i >= 0 {
		sent = sent[i+1:]
	}
	name := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, sent)
	name = strings.TrimSpace(name)
	if runes := []rune(name); len(runes) > maxNameLength {
		ext := []rune(filepath.Ext(name))
		if len(ext) > 12 {
			ext = nil
		}
		name = string(runes[:maxNameLength-len(ext)]) + string(ext)
	}
	if name == "" || name == "." || name == ".." {
		return "arquivo"
	}
	return name
}
