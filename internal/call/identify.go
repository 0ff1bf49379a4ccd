package call

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/customer"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Claim is who a caller says to be, or whom the agent has recognised in them.
type Claim struct {
	CustomerID *int64 // one that there is, chosen by the agent; 0 takes it back

	Name     string
	Phone    string
	Email    string
	Document string
}

// Suggestion is somebody whom a caller may be. It joins nothing by itself.
type Suggestion struct {
	CustomerID int64
	Name       string
	Why        string // phone, email, cpf, cnpj, handle: an identity nobody has verified; earlier_call; name; protocol
	Verified   bool
}

// visible is the condition that the actor sees a ticket of customer c: who has
// only tickets that are hidden does not exist for them.
const visible = `EXISTS (SELECT FROM tickets t WHERE t.customer_id = c.id AND ` + access.Condition + `)`

// Suggestions are whom the caller of c may be, when nobody knows yet: whose
// number it is, unverified, and who called from it before.
func (s *Service) Suggestions(ctx context.Context, actor access.Actor, c Call) ([]Suggestion, error) {
	if c.Caller.Phone == "" {
		return nil, nil
	}
	return s.suggest(ctx, `SELECT c.id AS customer_id, c.name, 'phone' AS why, i.verified_at IS NOT NULL AS verified, 0 AS place
			FROM identities i JOIN customers c ON c.id = i.customer_id
			WHERE i.kind = 'phone' AND i.value = @phone AND `+visible+`
		UNION ALL SELECT c.id, c.name, 'earlier_call', false, 1 FROM calls e JOIN tickets f ON f.id = e.ticket_id
			JOIN customers c ON c.id = f.customer_id WHERE e.phone = @phone AND e.contact_id <> @contact AND `+visible,
		actor.Scope().Named(map[string]any{"phone": string(c.Caller.Phone), "contact": c.ContactID}))
}

// Candidates finds whom the caller may be by what they say: a protocol, a CPF or
// CNPJ, a phone, an e-mail, or a name.
func (s *Service) Candidates(ctx context.Context, actor access.Actor, said string) ([]Suggestion, error) {
	said = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(said, " "), "\x00", " "))
	if utf8.RuneCountInString(said) < 3 {
		return nil, nil
	}
	if t, err := ticket.See(ctx, s.db.Gorm, actor, said); err == nil && len(said) == len(t.Protocol) && t.CustomerID != nil {
		return s.suggest(ctx, `SELECT c.id AS customer_id, c.name, 'protocol' AS why, false AS verified, 0 AS place FROM customers c WHERE c.id = @id AND `+visible,
			actor.Scope().Named(map[string]any{"id": *t.CustomerID}))
	}
	if id, ok := readIdentity(said); ok {
		return s.suggest(ctx, `SELECT c.id AS customer_id, c.name, i.kind AS why, i.verified_at IS NOT NULL AS verified, 0 AS place
			FROM identities i JOIN customers c ON c.id = i.customer_id WHERE i.kind = @kind AND i.value = @value AND `+visible,
			actor.Scope().Named(map[string]any{"kind": id.Kind, "value": id.Value}))
	}
	like := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(said) + "%"
	return s.suggest(ctx, `(SELECT c.id AS customer_id, c.name, 'name' AS why, false AS verified, 2 AS place FROM customers c
		WHERE (c.name ILIKE @like OR c.preferred_name ILIKE @like) AND `+visible+` ORDER BY c.name LIMIT 10)`,
		actor.Scope().Named(map[string]any{"like": like}))
}

const maxSuggestions = 10

func (s *Service) suggest(ctx context.Context, sql string, args map[string]any) ([]Suggestion, error) {
	var found []Suggestion
	args["most"] = maxSuggestions
	err := s.db.Gorm.WithContext(ctx).Raw(`SELECT * FROM (SELECT DISTINCT ON (customer_id) * FROM (`+sql+`) a ORDER BY customer_id, place) b
		ORDER BY place, name, customer_id LIMIT @most`, args).Scan(&found).Error
	if err != nil {
		return nil, fmt.Errorf("look whom a caller may be: %w", err)
	}
	return found, nil
}

func readIdentity(said string) (channel.Identity, bool) {
	if email, ok := channel.ParseEmail(said); ok {
		return channel.Identity{Kind: channel.IdentityEmail, Value: email}, true
	}
	if kind, value, err := brazil.ParseDocument(said); err == nil {
		return channel.Identity{Kind: channel.IdentityKind(kind), Value: value}, true
	}
	if p, err := brazil.ParsePhone(said); err == nil {
		return channel.Identity{Kind: channel.IdentityPhone, Value: string(p)}, true
	}
	return channel.Identity{}, false
}

// identify writes down who it is. A customer that the agent has chosen is the
// ticket's from now on, and none of their identities is verified by that. What
// the caller claims makes a new customer, unless somebody has one of these
// identities already: then it stays a claim, and they are a suggestion.
func (s *Service) identify(ctx context.Context, tx *gorm.DB, actor access.Actor, t *ticket.Ticket, r row, c Claim) error {
	if c.CustomerID != nil {
		return s.recognise(ctx, tx, actor, t, r, *c.CustomerID)
	}
	name := strings.Join(strings.Fields(c.Name), " ")
	from, err := c.identities(name)
	if err != nil {
		return err
	}
	if name != "" {
		t.CustomerName = name
	}
	if err := claim(ctx, tx, r.ContactID, from); err != nil {
		return err
	}
	if t.CustomerID != nil || name == "" && len(from) == 0 {
		return nil
	}
	if r.Phone != "" {
		from = append(from, channel.Identity{Kind: channel.IdentityPhone, Value: r.Phone})
	}
	return enrol(ctx, tx, t, r.ContactID, name, from)
}

func (c Claim) identities(name string) (from []channel.Identity, err error) {
	bad := *ErrInvalid
	if !utf8.ValidString(name) || strings.ContainsRune(name, 0) || utf8.RuneCountInString(name) > customer.MaxName {
		bad = *bad.Field("customer.name", "not_text")
	}
	if c.Email != "" {
		email, ok := channel.ParseEmail(c.Email)
		if !ok {
			bad = *bad.Field("customer.email", "email")
		}
		from = append(from, channel.Identity{Kind: channel.IdentityEmail, Value: email})
	}
	if c.Phone != "" {
		p, err := brazil.ParsePhone(c.Phone)
		if err != nil {
			bad = *bad.Field("customer.phone", "phone")
		}
		from = append(from, channel.Identity{Kind: channel.IdentityPhone, Value: string(p)})
	}
	if c.Document != "" {
		kind, value, err := brazil.ParseDocument(c.Document)
		if err != nil {
			bad = *bad.Field("customer.document", "document")
		}
		from = append(from, channel.Identity{Kind: channel.IdentityKind(kind), Value: value})
	}
	if len(bad.Details) > 0 {
		return nil, &bad
	}
	return from, nil
}

// claim keeps with the contact who its caller says to be.
func claim(ctx context.Context, tx *gorm.DB, contact int64, from []channel.Identity) error {
	if len(from) == 0 {
		return nil
	}
	said := map[channel.IdentityKind]string{}
	for _, id := range from {
		said[id.Kind] = id.Value
	}
	text, err := json.Marshal(said)
	if err != nil {
		return err
	}
	err = tx.WithContext(ctx).Exec(`UPDATE contacts SET data = jsonb_set(data, '{from}', coalesce(data->'from', '{}') || ?::jsonb) WHERE id = ?`,
		string(text), contact).Error
	if err != nil {
		return fmt.Errorf("keep who called: %w", err)
	}
	return nil
}

// recognise makes a customer that there is the ticket's.
func (s *Service) recognise(ctx context.Context, tx *gorm.DB, actor access.Actor, t *ticket.Ticket, r row, id int64) error {
	if id == 0 {
		t.CustomerID, t.LegalPriority = nil, 0
		return tx.WithContext(ctx).Exec("UPDATE contacts SET customer_id = NULL WHERE id = ?", r.ContactID).Error
	}
	var known owner
	err := tx.WithContext(ctx).Raw("SELECT c.id, c.name, c.legal_priority FROM customers c WHERE c.id = @id AND "+visible,
		actor.Scope().Named(map[string]any{"id": id})).Scan(&known).Error
	if err != nil {
		return fmt.Errorf("read customer %d: %w", id, err)
	}
	if known.ID == 0 {
		return ErrInvalid.Field("customer.customer_id", "unknown_choice")
	}
	t.CustomerID, t.LegalPriority = &known.ID, known.LegalPriority
	if known.Name != "" {
		t.CustomerName = known.Name
	}
	return ofCustomer(ctx, tx, r.ContactID, known.ID)
}

// enrol makes a new customer of a caller, unless one of the identities is
// somebody's already.
func enrol(ctx context.Context, tx *gorm.DB, t *ticket.Ticket, contact int64, name string, from []channel.Identity) error {
	for _, id := range from {
		var taken bool
		err := tx.WithContext(ctx).Raw("SELECT EXISTS (SELECT FROM identities WHERE kind = ? AND value = ?)", id.Kind, id.Value).Scan(&taken).Error
		if err != nil {
			return fmt.Errorf("look for an identity: %w", err)
		}
		if taken {
			return nil
		}
	}
	if name == "" {
		name = t.CustomerName
	}
	var id int64
	err := tx.WithContext(ctx).Raw("INSERT INTO customers (name) VALUES (?) RETURNING id", name).Scan(&id).Error
	for _, f := range from {
		if err == nil {
			err = tx.WithContext(ctx).Exec("INSERT INTO identities (customer_id, kind, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", id, f.Kind, f.Value).Error
		}
	}
	if err != nil {
		return fmt.Errorf("make a customer of a caller: %w", err)
	}
	t.CustomerID = &id
	return ofCustomer(ctx, tx, contact, id)
}

func ofCustomer(ctx context.Context, tx *gorm.DB, contact, id int64) error {
	if err := tx.WithContext(ctx).Exec("UPDATE contacts SET customer_id = ? WHERE id = ?", id, contact).Error; err != nil {
		return fmt.Errorf("note whose contact %d is: %w", contact, err)
	}
	return nil
}
