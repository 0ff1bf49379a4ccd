import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { teamsQuery } from "../../api/directory";
import { keys } from "../../api/keys";
import { useMe } from "../../api/session";
import type { Account } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Avatar } from "../../ui/Avatar";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { ErrorState, Skeleton } from "../../ui/states";
import { toastError } from "../../ui/toast";
import { AccountForm } from "./AccountForm";
import { accountsQuery, setActive } from "./api";
import { ExtensionDialog } from "./ExtensionDialog";
import styles from "./settings.module.css";

/** The accounts of the company: who there is, in what role and team. */
export function PeoplePanel() {
  const t = useText();
  const me = useMe();
  const cache = useQueryClient();
  const accounts = useQuery(accountsQuery);
  const teams = useQuery(teamsQuery).data ?? [];
  const [adding, setAdding] = useState(false);
  const [phone, setPhone] = useState<Account>();
  const refresh = () => {
    void cache.invalidateQueries({ queryKey: keys.accounts });
    void cache.invalidateQueries({ queryKey: keys.people });
  };
  const toggle = useMutation({
    mutationFn: ({ id, active }: { id: number; active: boolean }) => setActive(id, active),
    onError: toastError,
    onSettled: refresh,
  });
  if (accounts.isPending) return <Skeleton rows={6} />;
  if (accounts.isError) return <ErrorState error={accounts.error} onRetry={() => void accounts.refetch()} />;
  const teamNames = (ids: number[]) =>
    ids.flatMap((id) => teams.find((team) => team.id === id)?.name ?? []).join(", ");

  return (
    <>
      <div className={styles.titled}>
        <h2>{t("settings.pessoas")}</h2>
        <Button look="primary" icon={<UserPlus aria-hidden />} onClick={() => setAdding(true)}>
          {t("people.add")}
        </Button>
      </div>
      <ul className={styles.list}>
        {accounts.data.map((account) => (
          <li key={account.id} className={account.active ? undefined : styles.off}>
            <Avatar id={account.id} name={account.name} size={28} label="" />
            <div>
              <strong>{account.name}</strong>
              <p className={styles.quiet}>{account.email}</p>
            </div>
            <div>
              {t(`role.${account.role}`)}
              <p className={styles.quiet}>{account.active ? teamNames(account.team_ids) : t("people.off")}</p>
            </div>
            <Button
              look="quiet"
              onClick={() => setPhone(account)}
              aria-label={t("people.extension.of", { name: account.name })}
            >
              {account.extension
                ? t("people.extension", { extension: account.extension })
                : t("people.extension.none")}
            </Button>
            {account.id === me.id ? (
              <span className={styles.quiet}>{t("people.me")}</span>
            ) : (
              <Button look="quiet" onClick={() => toggle.mutate({ id: account.id, active: !account.active })}>
                {t(account.active ? "people.turn_off" : "people.turn_on")}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {phone && (
        <ExtensionDialog
          account={phone}
          onClose={() => {
            setPhone(undefined);
            refresh();
          }}
        />
      )}
      <Dialog open={adding} onClose={() => setAdding(false)} title={t("people.add")}>
        <AccountForm
          teams={teams}
          onDone={() => {
            setAdding(false);
            refresh();
          }}
        />
      </Dialog>
    </>
  );
}
