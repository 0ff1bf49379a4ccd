package email

import (
	"regexp"
	"strings"
)

// What mail programs write around what a person wrote, in Portuguese, English
// and Spanish. Go's regular expressions are linear in the text; the lines they
// see are short besides.

var attributions = regexp.MustCompile(`(?i)^(` + strings.Join([]string{
	`(em|no dia) .{4,400} escreveu( o seguinte)?\s?:`,
	`(em|no dia) .{4,200}, .{1,200} (disse|enviou)\s?:`,
	`.{1,300} escreveu (em|no dia|às|no) .{4,200}:`,
	`.{1,300}(<|\()[^\s<>()]{1,200}@[^\s<>()]{1,200}(>|\)) escreveu\s?:`,
	`a?s? ?\d{1,2}:\d{2}( de|,) .{4,300} escreveu\s?:`,
	`on .{4,400} wrote\s?:`,
	`.{1,300} wrote on .{4,200}:`,
	`.{1,300}(<|\()[^\s<>()]{1,200}@[^\s<>()]{1,200}(>|\)) wrote\s?:`,
	`\d{4}-\d{2}-\d{2} .{4,200} <[^\s<>]{1,200}>:`,
	`el .{4,400} escribi[óo]\s?:`,
	`.{1,300} escribi[óo] (el|en) .{4,200}:`,
	`.{1,300}<[^\s<>]{1,200}@[^\s<>]{1,200}> escribi[óo]\s?:`,
}, "|") + `)$`)

func attribution(s string) bool {
	return len(s) <= maxMarkerLine && strings.HasSuffix(s, ":") && attributions.MatchString(s)
}

// separated gives the words of a line of the form "---- words ----", in small
// letters, and "" for any other.
func separated(line string) string {
	const rule = "-_=* \t"
	words := strings.Trim(line, rule)
	at := strings.Index(line, words)
	if len(words) < 3 || len(words) > 80 || at < 2 || len(line)-at-len(words) < 2 {
		return ""
	}
	return strings.ToLower(words)
}

// answerMark recognises the lines below which the answered mail stands.
func answerMark(line string) bool {
	if len(line) > maxMarkerLine {
		return false
	}
	switch separated(line) {
	case "mensagem original", "original message", "mensaje original", "e-mail original", "original e-mail", "correo original",
		"original appointment", "compromisso original", "responder acima desta linha", "reply above this line":
		return true
	}
	return false
}

var forwards = []string{"forwarded message", "mensagem encaminhada", "mensaje reenviado", "mensagem reencaminhada", "mensaje encaminhado",
	"e-mail encaminhado", "mensagem reenviada"}

var forwardBegins = []string{"begin forwarded message:", "início da mensagem encaminhada:", "início da mensagem reencaminhada:",
	"inicio del mensaje reenviado:", "comienzo del mensaje reenviado:"}

// forwardMark recognises the line above a mail that is passed on.
func forwardMark(line string) bool {
	if len(line) > maxMarkerLine {
		return false
	}
	small := strings.ToLower(line[:min(len(line), 60)])
	for _, s := range forwardBegins {
		if strings.HasPrefix(small, s) {
			return true
		}
	}
	words := separated(line)
	for _, s := range forwards {
		if strings.HasPrefix(words, s) {
			return true
		}
	}
	return false
}

// ruler is a line of nothing but dashes or the like.
func ruler(line string) bool { return len(line) >= 5 && strings.Trim(line, "-_=*") == "" }

const headerFrom = "from"

var headerWords = map[string]string{
	"de": headerFrom, "from": headerFrom, "remetente": headerFrom, "desde": headerFrom,
	"enviada em": "date", "enviado em": "date", "enviada": "date", "enviado": "date", "data": "date", "sent": "date", "date": "date",
	"fecha": "date", "enviado el": "date", "data de envio": "date",
	"para": "to", "to": "to", "cc": "cc", "cópia": "cc",
	"assunto": "subject", "subject": "subject", "asunto": "subject",
}

// headerWord says which field of a copied header a line begins with, or "".
func headerWord(line string) string {
	line = strings.TrimLeft(line, " \t*_")
	name, _, ok := strings.Cut(line[:min(len(line), 40)], ":")
	if !ok {
		return ""
	}
	return headerWords[strings.ToLower(strings.TrimSpace(strings.Trim(name, "*_ ")))]
}

var mobiles = regexp.MustCompile(`(?i)^[*_]*(` + strings.Join([]string{
	`enviad[oa] (do|da|de|a partir do|a partir de|pelo|pela|com o|via|por|desde) .{2,100}`,
	`(obter|obtenha|baixe|baixar) o outlook (para|no|do) .{2,80}`,
	`sent (from|via|with) .{2,100}`,
	`get outlook for .{2,80}`,
	`enviado (desde|con) .{2,100}`,
	`(obtener|obtén|descargar) outlook para .{2,80}`,
	`yahoo mail: .{2,80}`,
}, "|") + `)$`)

// devices must be named, for "enviado pelo correio" is what customers write.
var devices = []string{"iphone", "ipad", "android", "celular", "galaxy", "samsung", "motorola", "xiaomi", "smartphone", "dispositivo",
	"telefone", "outlook", "yahoo", "gmail", "proton", "blackberry", "windows", "e-mail para", "email para", "correo para", "my phone",
	"mobile", "teléfono", "móvil", "tablet", "huawei", "uol mail", "bol mail", "mail.ru", "spark", "hotmail"}

func mobile(line string) bool {
	line = strings.TrimSpace(line)
	if len(line) > 200 || !mobiles.MatchString(line) {
		return false
	}
	return containsAny(strings.ToLower(line), devices)
}

// Disclaimers begin in one of these ways and speak of one of these things.
var (
	disclaimerBegins = []string{"esta mensagem", "este e-mail", "este email", "este correio", "as informações", "a informação", "aviso legal",
		"aviso de confidencialidade", "aviso de sigilo", "confidencial", "atenção: esta mensagem", "importante: esta mensagem", "declaração",
		"o conteúdo desta", "o conteúdo deste", "this e-mail", "this email", "this message", "the information", "the contents", "confidentiality",
		"disclaimer", "notice:", "legal notice", "este mensaje", "este correo", "la información", "aviso de confidencialidad", "el contenido",
		"antes de imprimir", "please consider the environment", "pense no meio ambiente", "think before", "considere o meio ambiente",
		"livre de vírus", "virus-free", "libre de virus", "não contém vírus", "piense en el medio"}
	disclaimerSays = []string{"confidencia", "sigilo", "privilegiad", "destinatári", "confidential", "privileged", "intended recipient",
		"intended solely", "destinatario", "imprimir", "printing", "print this", "avast", "avg.com", "vírus", "viruses", "virus",
		"meio ambiente", "medio ambiente"}
)

func disclaimer(paragraph string) bool {
	small := strings.ToLower(strings.TrimLeft(strings.TrimSpace(paragraph[:min(len(paragraph), 4000)]), "*_-[( "))
	for _, b := range disclaimerBegins {
		if strings.HasPrefix(small, b) {
			return containsAny(small, disclaimerSays)
		}
	}
	return false
}

func containsAny(s string, list []string) bool {
	for _, t := range list {
		if strings.Contains(s, t) {
			return true
		}
	}
	return false
}
