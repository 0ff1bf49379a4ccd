import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Copy, Plus, RotateCw } from "lucide-react";
import { useState } from "react";
import { teamsQuery } from "../../../api/directory";
import { keys } from "../../../api/keys";
import type { PhoneLine } from "../../../api/types";
import { copyText } from "../../../lib/clipboard";
import { useNow } from "../../../lib/clock";
import { useText } from "../../../lib/i18n";
import { shortMoment } from "../../../lib/time";
import { Button, IconButton } from "../../../ui/Button";
import { EmptyState, ErrorState, Skeleton } from "../../../ui/states";
import { toast, toastError } from "../../../ui/toast";
import { brandsQuery } from "../forms/api";
import styles from "../settings.module.css";
import { changeLine, linesQuery } from "./api";
import { LineForm } from "./LineForm";
import own from "./lines.module.css";

/** The numbers that customers dial, and what their exchange tells us. */
export function LinesPanel() {
  const t = useText();
  const cache = useQueryClient();
  const lines = useQuery(linesQuery);
  const teams = useQuery(teamsQuery);
  const brands = useQuery(brandsQuery);
  const [open, setOpen] = useState<PhoneLine | "new">();
  const [told, setTold] = useState<PhoneLine>();
  const failed = lines.error ?? teams.error ?? brands.error;
  if (lines.isPending || teams.isPending || brands.isPending) return <Skeleton rows={3} />;
  if (failed || !lines.data || !teams.data || !brands.data) {
    return (
      <ErrorState error={failed} onRetry={() => void cache.invalidateQueries({ queryKey: keys.lines })} />
    );
  }
  const saved = (line: PhoneLine) => {
    setOpen(undefined);
    if (line.secret) setTold(line);
    void cache.invalidateQueries({ queryKey: keys.lines });
  };
  if (open) {
    return (
      <LineForm
        line={open === "new" ? undefined : open}
        brands={brands.data}
        teams={teams.data}
        onSaved={saved}
        onClose={() => setOpen(undefined)}
      />
    );
  }
  const add = (
    <Button look="primary" icon={<Plus aria-hidden />} onClick={() => setOpen("new")}>
      {t("lines.add")}
    </Button>
  );
  return (
    <>
      <div className={styles.titled}>
        <h2>{t("settings.linhas")}</h2>
        {lines.data.length > 0 && add}
      </div>
      {told && <Secret line={told} onDone={() => setTold(undefined)} />}
      {lines.data.length === 0 ? (
        <EmptyState title={t("lines.none")} action={add}>
          {t("lines.none.hint")}
        </EmptyState>
      ) : (
        <ul className={own.list}>
          {lines.data.map((line) => (
            <Line
              key={line.id}
              line={line}
              team={teams.data.find((x) => x.id === line.team_id)?.name ?? t("lines.team.default")}
              onEdit={() => setOpen(line)}
              onSaved={saved}
              onLook={() => void lines.refetch()}
              looking={lines.isFetching}
            />
          ))}
        </ul>
      )}
    </>
  );
}

interface LineProps {
  line: PhoneLine;
  team: string;
  onEdit: () => void;
  onSaved: (line: PhoneLine) => void;
  onLook: () => void;
  looking: boolean;
}

function Line({ line, team, onEdit, onSaved, onLook, looking }: LineProps) {
  const t = useText();
  const now = useNow(60_000);
  const change = useMutation({
    mutationFn: (body: Parameters<typeof changeLine>[1]) => changeLine(line.id, body),
    onSuccess: onSaved,
    onError: toastError,
  });
  const [sure, setSure] = useState(false);
  return (
    <li className={line.active ? undefined : own.off}>
      <div className={own.names}>
        <strong>{line.name}</strong>
        <span className="numeric">{line.number}</span>
        <span className={styles.quiet}>{line.active ? team : t("lines.off")}</span>
        <span className={own.acts}>
          <Button onClick={onEdit} aria-label={t("lines.edit.named", { name: line.name })}>
            {t("lines.change")}
          </Button>
          <Button
            look="quiet"
            busy={change.isPending}
            onClick={() => change.mutate({ active: !line.active })}
          >
            {t(line.active ? "lines.turn_off" : "lines.turn_on")}
          </Button>
        </span>
      </div>
      {line.active && (
        <>
          <p className={own.health}>
            {line.heard_at ? t("lines.heard", { at: shortMoment(line.heard_at, now) }) : t("lines.never")}
            <Button look="quiet" icon={<RotateCw aria-hidden />} busy={looking} onClick={onLook}>
              {t("lines.look")}
            </Button>
          </p>
          <details className={own.hook}>
            <summary>{t("lines.hook")}</summary>
            <p className={styles.quiet}>{t("lines.hook.hint")}</p>
            <Copied label={t("lines.hook.url")} value={line.hook} />
            <p className={styles.quiet}>{t("lines.test.hint")}</p>
            {sure ? (
              <p>
                {t("lines.secret.sure")}{" "}
                <Button
                  busy={change.isPending}
                  onClick={() => {
                    setSure(false);
                    change.mutate({ new_secret: true });
                  }}
                >
                  {t("lines.secret.new")}
                </Button>{" "}
                <Button look="quiet" onClick={() => setSure(false)}>
                  {t("call.cancel")}
                </Button>
              </p>
            ) : (
              <Button onClick={() => setSure(true)}>{t("lines.secret.new")}</Button>
            )}
          </details>
        </>
      )}
    </li>
  );
}

/** The secret, told this once, beside where it is used. */
function Secret({ line, onDone }: { line: PhoneLine; onDone: () => void }) {
  const t = useText();
  return (
    <section className={own.secret} aria-label={t("lines.secret")}>
      <h3>{t("lines.secret.of", { name: line.name })}</h3>
      <p>{t("lines.secret.once")}</p>
      <Copied label={t("lines.secret")} value={line.secret ?? ""} />
      <Copied label={t("lines.hook.url")} value={line.hook} />
      <p>
        <Button look="primary" onClick={onDone}>
          {t("lines.secret.done")}
        </Button>
      </p>
    </section>
  );
}

function Copied({ label, value }: { label: string; value: string }) {
  const t = useText();
  return (
    <div className={own.copied}>
      <span className={styles.quiet}>{label}</span>
      <code>{value}</code>
      <IconButton
        label={t("lines.copy", { what: label })}
        icon={<Copy />}
        onClick={() => void copyText(value).then((ok) => ok && toast(t("lines.copied")))}
      />
    </div>
  );
}
