-- +goose Up

-- The file of an import is a copy: each row that became something has its own
-- source in the ledger. It goes with what its rows said, on its own rule.
alter table retention_rules
  drop constraint retention_rules_subject_check,
  add constraint retention_rules_subject_check check (subject in ('record', 'recording', 'original', 'stray', 'import'));
alter table retention_proofs
  drop constraint retention_proofs_subject_check,
  add constraint retention_proofs_subject_check check (subject in ('record', 'recording', 'original', 'stray', 'import'));

-- Where purging is switched on already, nobody was shown what this rule lets go.
insert into retention_rules (key, name, position, subject, since, amount, unit, evidence, note, active)
select 'imports', 'Arquivos importados', 830, 'import', 'opened', 90, 'days', 'own',
  'Conta do fim da importação. Cada linha que virou atendimento tem a própria fonte e fica com ele.', not purging
from retention_settings;
