package intake

// The statements of one group, in the order in which they run. Each joins what
// the one before it has written, so whatever drops out of the ledger (because it
// had been accepted before) drops out of everything.

// A key that a rival is just inserting makes this statement wait for the rival's
// commit; sorted, two groups cannot wait for each other.
const insertLedger = `
INSERT INTO intake_ledger (id, channel, source_key, body_hash, raw, fate, reason, ticket_id, message_id, received_at, day, walled, fated_at)
SELECT l, ch, k, h, r, 'ticket', why, t, m, at, day, walled, now()
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[], $5::bytea[], $6::bigint[], $7::bigint[], $8::timestamptz[], $9::text[],
            $10::date[], $11::boolean[])
     u(l, ch, k, h, r, t, m, at, why, day, walled)
ORDER BY k
ON CONFLICT (source_key) DO NOTHING`

// Another try of rows that wait in the ledger. Whoever comes second finds the
// row fated, and none of the following statements finds anything.
const (
	reclaimLedger = takeOver + ", attempts = attempts + 1" + ofThese
	digestLedger  = takeOver + ofThese // its tries are counted before

	takeOver = `
WITH old AS (
  SELECT id, channel, fate, walled, day FROM intake_ledger
  WHERE id = ANY($1::bigint[]) AND fate IN ('pending', 'quarantined', 'discarded') FOR UPDATE),
uncounted AS (
  INSERT INTO intake_tallies (channel, fate, walled, day, n) SELECT channel, fate, walled, day, -1 FROM old)
UPDATE intake_ledger g
SET fate = 'ticket', reason = u.why, ticket_id = u.t, message_id = u.m, walled = u.walled, fated_at = now(),
    decided_by = NULL, remark = ''`
	ofThese = `
FROM old, unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[], $5::bytea[], $6::bigint[], $7::bigint[], $8::timestamptz[], $9::text[],
            $10::date[], $11::boolean[])
     u(l, ch, k, h, r, t, m, at, why, day, walled)
WHERE g.id = old.id AND g.id = u.l`
)

// New identities and the customers they make. One that comes along is stored
// only for a customer that this group has just made: what a stranger types must
// never become a way into somebody else's record. The foreign key is checked at
// the end of the statement, when the customers are there.
const insertSenders = `
WITH w AS (
  SELECT DISTINCT ON (u.k, u.v) u.k, u.v, u.c, u.n, u.extra
  FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::boolean[]) u(l, c, k, v, n, extra)
  JOIN intake_ledger g ON g.id = u.l
  WHERE NOT u.extra OR EXISTS (SELECT FROM customers WHERE id = u.c)
  ORDER BY u.k, u.v, u.l),
i AS (
  INSERT INTO identities (customer_id, kind, value) SELECT c, k, v FROM w ORDER BY k, v
  ON CONFLICT (kind, value) DO NOTHING
  RETURNING customer_id)
INSERT INTO customers (id, name)
SELECT w.c, w.n FROM i JOIN w ON w.c = i.customer_id WHERE NOT w.extra`

// A statement of its own, so that it sees the identities a rival has committed
// while the one before waited for them.
const insertTickets = `
INSERT INTO tickets (id, protocol, brand_id, customer_id, customer_name, channel, kind, subject, preview, legal_priority,
                     team_id, walled, next_due, next_clock, next_from, next_warn, clocks, waiting_since, fields,
                     linked_from, reason_id, opened_at, updated_at)
SELECT u.t, u.p, u.brand, c.id, coalesce(nullif(c.name, ''), u.n), u.ch, u.k, u.subject, u.preview, coalesce(c.legal_priority, 0),
       u.team, u.walled, coalesce(u.due, 'infinity'), u.clock, u.started, u.warn, u.clocks, u.at, u.fields,
       u.follows, (SELECT id FROM reasons WHERE id = u.reason), u.at, u.at
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[],
            $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::boolean[], $15::timestamptz[], $16::text[],
            $17::timestamptz[], $18::timestamptz[], $19::smallint[], $20::jsonb[], $21::bigint[], $22::bigint[], $23::timestamptz[])
     u(l, t, p, brand, customer, ik, iv, n, ch, k, subject, preview, team, walled, due, clock, started, warn, clocks,
       fields, follows, reason, at)
JOIN intake_ledger g ON g.id = u.l AND g.ticket_id = u.t
LEFT JOIN identities i ON i.kind = u.ik AND i.value = u.iv
LEFT JOIN customers c ON c.id = coalesce(u.customer, i.customer_id)
ORDER BY u.t`

const insertProtocols = `
INSERT INTO protocols (protocol, ticket_id)
SELECT t.protocol, t.id FROM unnest($1::bigint[]) u(t) JOIN tickets t ON t.id = u.t ORDER BY t.protocol`

const insertContacts = `
INSERT INTO contacts (id, channel, direction, customer_id, data, at)
SELECT u.c, t.channel, 'in', t.customer_id, u.data, t.opened_at
FROM unnest($1::bigint[], $2::bigint[], $3::jsonb[]) u(t, c, data) JOIN tickets t ON t.id = u.t ORDER BY u.c`

const insertLinks = `
INSERT INTO ticket_contacts (ticket_id, contact_id)
SELECT t.id, u.c FROM unnest($1::bigint[], $2::bigint[]) u(t, c) JOIN tickets t ON t.id = u.t ORDER BY t.id`

const insertMessages = `
INSERT INTO messages (id, ticket_id, contact_id, direction, author_name, body, html, folded, origin, version, search, at)
SELECT u.m, t.id, u.c, 'in', u.author, u.body, u.html, u.folded, u.origin, 1, to_tsvector('simple', u.search), t.opened_at
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::jsonb[])
     u(t, m, c, author, body, search, html, folded, origin)
JOIN tickets t ON t.id = u.t ORDER BY u.m`

const insertClocks = `
INSERT INTO clocks (ticket_id, kind, policy_id, policy, why, calendar, amount, unit, roll, pauses, legal_ref,
                    started_at, due, target, warn50, warn75, warn90, calendar_version)
SELECT u.* FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::int[], $8::text[],
                       $9::boolean[], $10::boolean[], $11::text[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[],
                       $15::timestamptz[], $16::timestamptz[], $17::timestamptz[], $18::int[])
     u(t, kind, policy_id, policy, why, calendar, amount, unit, roll, pauses, legal_ref, started_at, due, target, warn50, warn75, warn90, calendar_version)
JOIN tickets t ON t.id = u.t ORDER BY u.t, u.kind`

// The event's row is the snapshot as ticket.Snapshot made it, completed by what
// only this transaction knows. The id of the event is drawn here, never reserved.
const insertEvents = `
INSERT INTO events (ticket_id, version, kind, team_id, walled, barred, payload, at)
SELECT t.id, 1, 'ticket.opened', t.team_id, t.walled, t.barred,
       jsonb_build_object(
         'row', u.row || jsonb_build_object('id', t.id, 'protocol', t.protocol, 'customer_id', t.customer_id,
                                            'customer_name', t.customer_name, 'legal_priority', t.legal_priority,
                                            'reason_id', t.reason_id),
         'data', jsonb_build_object('message_id', u.m)),
       t.opened_at
FROM unnest($1::bigint[], $2::bigint[], $3::jsonb[]) u(t, m, row) JOIN tickets t ON t.id = u.t ORDER BY t.id`

const insertFiles = `
INSERT INTO attachments (ticket_id, message_id, blob, name, mime, size, token, content_id, at)
SELECT t.id, u.m, u.blob, u.name, u.mime, u.size, u.token, u.content_id, t.opened_at
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[])
     WITH ORDINALITY u(t, m, blob, name, mime, size, token, content_id, n)
JOIN tickets t ON t.id = u.t ORDER BY t.id, u.n`

const insertTallies = `
INSERT INTO intake_tallies (channel, fate, walled, day, n)
SELECT g.channel, g.fate, g.walled, g.day, count(*)
FROM unnest($1::bigint[], $2::bigint[]) u(l, t) JOIN intake_ledger g ON g.id = u.l AND g.ticket_id = u.t
GROUP BY g.channel, g.fate, g.walled, g.day`

// What the keys belonged to before this group. The first deadline comes from the
// opening event: it is what the first answer said, whatever happened since.
const selectFound = `
SELECT g.source_key, g.id, g.body_hash, coalesce(g.ticket_id, 0), coalesce(t.protocol, ''),
       (e.payload->'row'->>'next_due')::timestamptz
FROM unnest($1::text[], $2::bigint[]) u(k, l)
JOIN intake_ledger g ON g.source_key = u.k AND g.id <> u.l
LEFT JOIN tickets t ON t.id = g.ticket_id
LEFT JOIN events e ON e.ticket_id = g.ticket_id AND e.version = 1`

// What a demand obliges to at once is written down with it, whatever its channel
// (see ticket.OweDuties).
const insertDuties = `
INSERT INTO duties (ticket_id, duty, effective_at)
SELECT t.id, 'cancellation', t.opened_at FROM unnest($1::bigint[]) u(t) JOIN tickets t ON t.id = u.t
WHERE t.kind = 'cancelamento' ORDER BY t.id ON CONFLICT DO NOTHING`
