package email

import (
	"path"
	"strings"
	"unicode/utf8"
)

// fileName cleans what a sender called a file, for showing and for saving by a
// browser: never a path, nothing invisible, at most MaxName runes with its
// extension kept, and never empty. kind is the media type, for a name when
// there is none.
func fileName(name, kind string) string {
	name = strings.ReplaceAll(decodeWords(name), "\\", "/")
	name = path.Base("/" + cleanLine(name, 10_000))
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/<>:"|?*`, r) {
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(name, " ")
	if strings.Trim(name, "._ ") == "" {
		return defaultName(kind)
	}
	if n := utf8.RuneCountInString(name); n > MaxName {
		ext := path.Ext(name)
		if utf8.RuneCountInString(ext) > 20 {
			ext = ""
		}
		runes := []rune(strings.TrimSuffix(name, ext))
		name = string(runes[:MaxName-1-utf8.RuneCountInString(ext)]) + "…" + ext
	}
	return name
}

// extensions of the types that are common in mails, so that names do not depend
// on what the machine has installed.
var extensions = map[string]string{
	"message/rfc822": ".eml", "text/calendar": ".ics", "text/plain": ".txt", "text/html": ".html", "text/csv": ".csv",
	"text/vcard": ".vcf", "text/x-vcard": ".vcf", "text/xml": ".xml", "application/xml": ".xml",
	"image/jpeg": ".jpg", "image/jpg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp",
	"image/heic": ".heic", "image/bmp": ".bmp", "image/tiff": ".tif", "image/svg+xml": ".svg",
	"application/pdf": ".pdf", "application/zip": ".zip", "application/ms-tnef": ".dat", "application/pkcs7-mime": ".p7m",
	"application/pkcs7-signature": ".p7s", "application/pgp-encrypted": ".asc", "application/pgp-signature": ".asc",
	"audio/ogg": ".ogg", "audio/mpeg": ".mp3", "audio/wav": ".wav", "video/mp4": ".mp4",
	"message/delivery-status": ".txt", "message/disposition-notification": ".txt", "text/rfc822-headers": ".txt",
	"application/msword": ".doc", "application/vnd.ms-excel": ".xls",
}

// defaultName names a file without a name by its type. It is in Portuguese, as
// staff and customers see it.
func defaultName(kind string) string {
	base := "anexo"
	switch {
	case kind == "message/rfc822":
		base = "mensagem"
	case kind == "text/calendar":
		base = "convite"
	case strings.HasPrefix(kind, "image/"):
		base = "imagem"
	}
	ext := extensions[kind]
	if ext == "" {
		ext = ".bin"
	}
	return base + ext
}
