// Package mailroom decides what becomes of a mail: which ticket it belongs to,
// whether a person wrote it, whose mailbox it came to. It reads what package
// email makes of the bytes, and leaves to package intake what a fate means.
//
// A mail and the mails it names are one thread, also when they are read at the
// same time on several nodes, or in the wrong order (see lock). Which sender may
// join which ticket is written down at type evidence. By mail nobody acts as an
// agent, whatever address it comes from.
package mailroom

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// DefaultFlood is how many tickets an hour one address may open by mail. Who
// writes more is a machine; what comes then waits for a person to look at it.
const DefaultFlood = 20

// maxFiles bounds the files of one mail. More stay in its raw source.
const maxFiles = 50

// Mailroom digests mails. It is an intake.Digester.
type Mailroom struct {
	o     Options
	loops prometheus.Counter
}

// Options is what a Mailroom is made of.
type Options struct {
	DB     *postgres.DB
	Blobs  *blob.Store
	Signer email.Signer // knows our own Message-IDs and return paths
	Now    func() time.Time
	Log    *slog.Logger

	// Authserv is the authserv-id of our own mail server, whose
	// Authentication-Results are believed (RFC 8601); empty believes none.
	Authserv string
	// Verify checks SPF, DKIM and DMARC of what comes straight to us by SMTP, which
	// asks the DNS; nil does not.
	Verify *Verifier
	// Notice reads what complaint sites and public bodies write; nil reads none.
	Notice Noticer
	// Areas takes what areas of the company answer by mail; nil takes none.
	Areas Answers
	// Flood is how many tickets an hour one address may open; 0 sets no limit.
	Flood int
}

// New makes a mailroom.
func New(o Options) *Mailroom {
	return &Mailroom{o: o, loops: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "escuta_mail_loops_total", Help: "Mails of our own that came back to us and were not taken for a customer's.",
	})}
}

// Collectors are the mailroom's metrics.
func (r *Mailroom) Collectors() []prometheus.Collector { return []prometheus.Collector{r.loops} }

// Read makes sense of a mail and puts its files on disk. What cannot be read at
// all fails with the parser's fault; what is only broken is read as well as it
// can be.
func (r *Mailroom) Read(ctx context.Context, s intake.Stored) (intake.Reading, error) {
	var envelope email.Envelope
	if len(s.Envelope) > 0 {
		if err := json.Unmarshal(s.Envelope, &envelope); err != nil {
			return nil, email.ErrUnreadable.Because(fmt.Errorf("read the envelope: %w", err))
		}
	}
	if err := envelope.Err(); err != nil {
		return nil, err
	}
	boxes, err := loadMailboxes(ctx, r.o.DB.Pool)
	if err != nil {
		return nil, err
	}
	options := email.Options{
		NullSender: envelope.NullSender(), Recipients: envelope.Recipients,
		Own: boxes.own, Signer: r.o.Signer,
	}
	if len(boxes) == 0 { // whatever came by SMTP came to an address of ours
		options.Own = func(address string) bool { return containsFold(envelope.Recipients, address) }
	}
	if r.o.Authserv != "" {
		options.Authserv = []string{r.o.Authserv}
	}
	m, err := email.Parse(s.Raw, options)
	if err != nil {
		return nil, err
	}
	files, err := r.keep(ctx, m)
	if err != nil {
		return nil, err
	}
	return &reading{
		room: r, stored: s, mail: m, envelope: envelope, files: files, box: boxes.of(envelope, m),
		auth: r.authentication(ctx, s.Raw, envelope, m),
	}, nil
}

// keep puts the mail's files into the blob store. What nobody refers to in the
// end is swept away later.
func (r *Mailroom) keep(ctx context.Context, m *email.Mail) ([]channel.File, error) {
	if len(m.Parts) > maxFiles {
		m.Parts = m.Parts[:maxFiles]
		m.Warnings = append(m.Warnings, email.WarnPartsCut)
	}
	files := make([]channel.File, 0, len(m.Parts))
	for i := range m.Parts {
		p := &m.Parts[i]
		ref, err := r.o.Blobs.Put(ctx, bytes.NewReader(p.Data), int64(len(p.Data)))
		if err != nil {
			return nil, fmt.Errorf("keep a file of a mail: %w", err)
		}
		files = append(files, channel.File{Blob: ref.Hash, Name: p.Name, Mime: ref.Mime, Size: ref.Size, ContentID: p.ContentID})
		p.Data = nil // on disk now: it need not be in memory until the transaction is over
	}
	return files, nil
}

var _ intake.Digester = (*Mailroom)(nil)
