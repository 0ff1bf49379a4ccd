-- +goose Up

-- Which duty the clock of a policy measures: it starts when the duty is owed and
-- ends when somebody records it as carried out. The law says "at once" and gives no
-- number, so that the minutes are our own promise.
alter table sla_policies add column duty text not null default '' check (duty = '' or clock = 'duty' and by_hand);
insert into sla_policies (regime_id, position, name, walled, clock, calendar, amount, unit, pauses, legal_ref, by_hand, duty)
select r.id, p.position, p.name, false, 'duty', '24x7', 60, 'minutes', false, p.legal_ref, true, p.duty
from (values
  (80, 'Cancelamento: efeito imediato', 'Decreto 11.034/2022, art. 14', 'cancellation'),
  (90, 'Cobrança indevida: suspensão imediata', 'Decreto 11.034/2022, art. 13, § 3º', 'undue_charge')
) as p (position, name, legal_ref, duty), regimes r where r.key = 'own';
