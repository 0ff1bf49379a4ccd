-- +goose Up

create sequence draft_revisions;

-- What somebody is writing on a ticket: at most one answer and one note each, gone
-- when it is sent. Not part of the ticket's history, so it has no event.
create table drafts (
  ticket_id  bigint not null references tickets on delete cascade,
  account_id bigint not null references accounts,
  kind       text not null check (kind in ('reply', 'note')),
  body       text not null,
  seen       int not null,               -- public version of the ticket when the writing began
  revision   bigint not null,            -- another each time it is saved, also after it was gone
  updated_at timestamptz not null,
  primary key (ticket_id, account_id, kind)
);
create index drafts_account on drafts (account_id, updated_at);
