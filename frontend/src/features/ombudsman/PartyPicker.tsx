import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { peopleQuery, teamsQuery } from "../../api/directory";
import { useText } from "../../lib/i18n";
import { IconButton } from "../../ui/Button";
import { SelectField } from "../../ui/Field";
import styles from "./cases.module.css";

/** Whom a case accuses, by account and by team. */
export interface Parties {
  accounts: number[];
  teams: number[];
}

interface Props {
  value: Parties;
  onChange: (parties: Parties) => void;
}

/** People and areas, added one by one, each with a way to take it back. */
export function PartyPicker({ value, onChange }: Props) {
  const t = useText();
  const people = useQuery(peopleQuery).data ?? [];
  const teams = useQuery(teamsQuery).data ?? [];
  const chosen = [
    ...value.teams.map((id) => ({ key: `t${id}`, name: teams.find((team) => team.id === id)?.name })),
    ...value.accounts.map((id) => ({ key: `a${id}`, name: people.find((one) => one.id === id)?.name })),
  ];
  const change = (key: string, add: boolean) => {
    const id = Number(key.slice(1));
    const among = (all: number[], kind: string) =>
      key[0] !== kind ? all : add ? [...all, id] : all.filter((one) => one !== id);
    onChange({ accounts: among(value.accounts, "a"), teams: among(value.teams, "t") });
  };
  const free = <T extends { id: number; name: string }>(kind: string, all: readonly T[], taken: number[]) =>
    all
      .filter((one) => !taken.includes(one.id))
      .map((one) => ({ value: `${kind}${one.id}`, name: one.name }));
  return (
    <div className={styles.parties}>
      {chosen.length > 0 && (
        <ul aria-label={t("cases.accused")}>
          {chosen.map((party) => (
            <li key={party.key}>
              {party.name ?? party.key}
              <IconButton
                label={t("cases.accused.remove", { name: party.name ?? party.key })}
                icon={<X />}
                onClick={() => change(party.key, false)}
              />
            </li>
          ))}
        </ul>
      )}
      <div className={styles.pair}>
        <SelectField
          label={t("cases.accused.team")}
          value=""
          onChange={(key) => key && change(key, true)}
          options={[{ value: "", name: t("cases.accused.choose") }, ...free("t", teams, value.teams)]}
        />
        <SelectField
          label={t("cases.accused.person")}
          value=""
          onChange={(key) => key && change(key, true)}
          options={[{ value: "", name: t("cases.accused.choose") }, ...free("a", people, value.accounts)]}
        />
      </div>
    </div>
  );
}
