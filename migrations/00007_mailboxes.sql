-- +goose Up

-- From which day on mail is fetched; null is all there is.
alter table mailboxes add column imap_since date;

-- How far each mailbox was fetched, and who is fetching it. Whoever takes the
-- lease raises the fence; every write names its fence and changes nothing once
-- the lease is over, so a node that was paused cannot move what another moved on.
create table mailbox_cursors (
  mailbox_id   bigint primary key references mailboxes on delete cascade,
  source       text not null default '', -- the folder of the server that the position is one of
  uidvalidity  bigint not null default 0,
  uid          bigint not null default 0, -- all up to it are in the ledger
  stuck        int not null default 0, -- how often the mail after it could not be fetched
  owner        text not null default '',
  fence        bigint not null default 0,
  lease_until  timestamptz not null default '-infinity',
  -- How it fares, for the settings screen.
  last_mail_at timestamptz,
  last_ok_at   timestamptz,
  failed_at    timestamptz,
  failure      text not null default '' -- code of what is wrong now, empty when nothing is
);
