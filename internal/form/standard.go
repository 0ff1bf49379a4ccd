package form

import "github.com/escuta-sac/escuta/internal/channel/webform"

// Standard is the form that every installation has under /abrir. Its labels are
// the keys of texts (portal.field.<key>), because it speaks the reader's language.
func Standard() Definition {
	return Definition{
		Kinds: webform.Kinds,
		Fields: []Field{
			{Key: "subject", Type: Text, Means: MeansSubject, Required: true},
			{Key: "body", Type: LongText, Means: MeansBody, Required: true},
			{Key: FilesKey, Type: Files},
			{Key: "name", Type: Text, Means: MeansName},
			{Key: "email", Type: Email, Means: MeansEmail},
			{Key: "phone", Type: Phone, Means: MeansPhone},
			{Key: "document", Type: Document, Means: MeansDocument},
		},
	}
}
