-- +goose Up

-- How many deadlines were met of late, and how quickly. Written once a clock.
create index clocks_stopped on clocks (stopped_at) where stopped_at is not null;
