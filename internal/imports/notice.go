package imports

import (
	"strings"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/ombudsman"
	"github.com/escuta-sac/escuta/internal/folding"
)

// senders are the domains whose notices are read, and whose they are.
var senders = []struct {
	domain string
	source Source
}{
	{"consumidor.gov.br", ConsumidorGov},
	{"mj.gov.br", ConsumidorGov},
	{"reclameaqui.com.br", ReclameAqui},
	{"bcb.gov.br", Bacen},
	{"procon.sp.gov.br", Procon},
}

// Notice reads a mail by which a complaint site or a public body tells of a
// complaint, and makes a case of it: from is the sender's address, as far as it
// was proven (a name in it counts for nothing), text the plain text. ok is false
// for every other mail, which is nobody's notice.
//
// Such mails say what they know in lines of "label: value"; the labels are the
// names that also columns have (mapping.go), so a source that a list is known of
// needs nothing more. What has no number of a complaint is no notice.
func Notice(from, subject, text string) (in channel.Inbound, ok bool) {
	source, known := sender(from)
	if !known {
		return channel.Inbound{}, false
	}
	labels, values := labelled(text)
	m := suggest(labels)
	get := func(f Field) string {
		for i, l := range labels {
			if m[f] != "" && l == m[f] {
				return values[i]
			}
		}
		return ""
	}
	s := ombudsman.Submission{Way: ombudsman.Mail, Source: string(source), ExternalID: cut(get(ExternalID), ombudsman.MaxExternal),
		Name: get(Name), SACProtocol: cut(get(SACProtocol), ombudsman.MaxProtocol), Kind: "reclamacao",
		Subject: cut(first(get(Subject), subject), 200), Body: cut(first(get(Body), strings.TrimSpace(text)), 20_000)}
	if email, good := channel.ParseEmail(get(Email)); good {
		s.Email = email
	}
	if s.ExternalID == "" {
		return channel.Inbound{}, false
	}
	in, err := ombudsman.Check(s)
	if err != nil {
		return channel.Inbound{}, false
	}
	in.SourceKey = "import:" + string(source) + ":" + string(ToOmbudsman) + ":" + s.ExternalID
	return in, true
}

func sender(from string) (Source, bool) {
	email, good := channel.ParseEmail(from)
	if !good {
		return "", false
	}
	_, domain, _ := strings.Cut(email, "@")
	for _, s := range senders {
		if domain == s.domain || strings.HasSuffix(domain, "."+s.domain) {
			return s.source, true
		}
	}
	return "", false
}

// maxLabels bounds how many lines of a mail are taken for labels.
const maxLabels = 200

// labelled finds the lines that say "label: value". The value of a label that
// has none on its line is what follows, up to the next label or blank line.
func labelled(text string) (labels, values []string) {
	open := -1
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		label, value, found := strings.Cut(line, ":")
		label = strings.Trim(label, " *•-\t")
		switch {
		case line == "":
			if open >= 0 && values[open] != "" {
				open = -1
			}
		case found && label != "" && len(strings.Fields(folding.Fold(label))) <= 5 && len(label) <= 60 && len(labels) < maxLabels:
			labels, values = append(labels, label), append(values, strings.TrimSpace(value))
			open = len(labels) - 1
		case open >= 0:
			values[open] = strings.TrimSpace(values[open] + "\n" + line)
		}
	}
	return labels, values
}

func first(texts ...string) string {
	for _, t := range texts {
		if strings.TrimSpace(t) != "" {
			return strings.TrimSpace(t)
		}
	}
	return ""
}
