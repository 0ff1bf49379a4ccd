-- +goose Up

-- What a customer thought of the answer; the last word counts.
create table surveys (
  ticket_id bigint primary key references tickets,
  score     smallint not null check (score between 1 and 5),
  comment   text not null default '',
  at        timestamptz not null default now()
);
create index surveys_at on surveys (at);
