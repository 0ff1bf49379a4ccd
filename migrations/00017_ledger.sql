-- +goose Up

-- A thing counts on the local day on which it came, for ever: the day is written
-- down, because the installation's zone may change. Of what came before this
-- column, it is the day in Brasília.
alter table intake_ledger add column day date;
update intake_ledger set day = (received_at at time zone 'America/Sao_Paulo')::date;
alter table intake_ledger alter column day set not null;
alter table intake_tallies add column day date;
delete from intake_tallies;
insert into intake_tallies (channel, fate, day, n) select channel, fate, day, count(*) from intake_ledger group by channel, fate, day;
alter table intake_tallies alter column day set not null;
-- Whether it stood behind the ombudsman's wall when it got its fate.
alter table intake_ledger add column walled boolean not null default false;
alter table intake_tallies add column walled boolean not null default false;
update intake_ledger set walled = true where channel = 'ombudsman';
update intake_tallies set walled = true where channel = 'ombudsman';

alter table intake_ledger add column envelope jsonb;                          -- what the carrier knew and the raw bytes do not say
alter table intake_ledger add column next_try timestamptz not null default now(); -- when it is digested next, while it is pending
alter table intake_ledger add column failures int not null default 0;         -- tries ended by what passes, which do not count against it
alter table intake_ledger add column decided_by bigint references accounts;   -- who discarded it
alter table intake_ledger add column remark text not null default '';         -- in whose words
alter table intake_ledger add column purged_at timestamptz;                   -- since when the raw bytes are erased: what is left is the key
create index intake_ledger_due on intake_ledger (next_try, id) where fate = 'pending';
create index intake_ledger_blob on intake_ledger (raw_blob) where raw_blob is not null;
-- What the web brings is most of it, is found without, and pays for none.
create index intake_ledger_channel on intake_ledger (channel, id) where channel <> 'webform';

-- What is left of a row that was removed altogether: a hash of its key, so that
-- it does not come in again, and its place in the accounts.
create table intake_tombstones (
  key_hash   bytea primary key, -- HMAC-SHA256 of the key under the installation's secret
  channel    text not null,
  fate       text not null,
  walled     boolean not null,
  day        date not null,
  removed_at timestamptz not null default now()
);

-- The places from which a channel brings things (a mailbox, an SMTP listener, a
-- telephone line), and whether they do.
create table channel_sources (
  channel         text not null,
  name            text not null,
  since           timestamptz not null default now(),
  last_arrival_at timestamptz, -- something came
  last_ok_at      timestamptz, -- it was reached, whether anything came or not
  last_failure_at timestamptz,
  failure         text not null default '', -- code of what is wrong now, empty when nothing is
  quiet_after     int check (quiet_after > 0), -- seconds of silence that are too long; null is the installation's default
  primary key (channel, name)
);
