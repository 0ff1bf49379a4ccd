-- +goose Up

-- Where the stream is. The epoch names one unbroken history: it changes with a
-- restore, and when the database turns out to be another one than it was.
create table event_head (
  one       boolean primary key default true check (one),
  epoch     text not null,
  pos       bigint not null default 0,
  system_id text not null default '',
  timeline  bigint not null default 0,
  database  oid not null default 0
);
insert into event_head (epoch) values (substr(replace(gen_random_uuid()::text, '-', ''), 1, 12));
-- Before all days: what the first day's epoch is compared with.
insert into protocol_days (day, epoch, next) select '0001-01-01', epoch, 1 from event_head;

create table events (
  id        bigserial primary key,
  ticket_id bigint not null,
  version   int not null,
  kind      text not null,
  team_id   bigint not null,
  walled    boolean not null,
  was_team_id bigint,          -- the audience before, when the change moved it
  was_walled  boolean,
  actor_id  bigint,            -- account that caused it; null for customers and clocks
  payload   jsonb not null,
  at        timestamptz not null default now(),
  pos       bigint,
  unique (ticket_id, version)
);
-- Partial, so that an event that has none yet costs its writer no entry.
create unique index events_pos on events (pos) where pos is not null;
create index events_unnumbered on events (id) where pos is null;

-- How far each durable reader has come.
create table event_cursors (
  reader text primary key,
  epoch  text not null,
  pos    bigint not null
);
