-- +goose Up

-- A file that an area sent with its answer: under the ticket, in no message, and
-- never the customer's to read.
alter table attachments add column answer_id bigint references area_answers;
create index attachments_answer on attachments (answer_id) where answer_id is not null;
