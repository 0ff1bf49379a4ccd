import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type Area, allAreasQuery } from "../../api/areas";
import { ApiError } from "../../api/client";
import type { TicketRow } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { AreaField, CheckField, Field, SelectField } from "../../ui/Field";
import { ErrorState, Skeleton } from "../../ui/states";
import { toast } from "../../ui/toast";
import { useAsk } from "./areas";
import dialog from "./dialogs.module.css";
import { LendFiles, type Lent } from "./LendFiles";

/** Asks an area of the company: a text written for it, and by when. */
export default function AskAreaDialog({ row, onClose }: { row: TicketRow; onClose: () => void }) {
  const t = useText();
  const areas = useQuery(allAreasQuery);
  const active = (areas.data ?? []).filter((a) => a.active);
  return (
    <Dialog open onClose={onClose} title={t("area.ask")}>
      {areas.isPending ? (
        <Skeleton rows={3} />
      ) : areas.isError ? (
        <ErrorState error={areas.error} onRetry={() => void areas.refetch()} />
      ) : active.length === 0 ? (
        <p className={dialog.form}>{t("area.none")}</p>
      ) : (
        <Form row={row} areas={active} onClose={onClose} />
      )}
    </Dialog>
  );
}

function Form({ row, areas, onClose }: { row: TicketRow; areas: Area[]; onClose: () => void }) {
  const t = useText();
  const ask = useAsk(row);
  const [id, setId] = useState(String(areas[0]!.id));
  const area = areas.find((a) => String(a.id) === id) ?? areas[0]!;
  const [body, setBody] = useState("");
  const [hides, setHides] = useState<boolean>();
  const [amount, setAmount] = useState("");
  const hidden = row.walled || (hides ?? area.hides);
  const [lent, setLent] = useState<Lent>({ files: [], looked: false });
  const wrong = (name: string) => (ask.error instanceof ApiError ? ask.error.field(name) : undefined);
  const problem = wrong("body");
  const files = wrong("files") ?? wrong("looked");
  const unseen = hidden && lent.files.length > 0 && !lent.looked;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ask.mutate(
      {
        area_id: area.id,
        body,
        hides: hidden,
        amount: amount ? Number(amount) : undefined,
        files: [...lent.files],
        looked: lent.looked,
      },
      {
        onSuccess: () => {
          toast(t("area.asked", { area: area.name }));
          onClose();
        },
      },
    );
  };
  return (
    <form className={dialog.form} onSubmit={submit}>
      <SelectField
        label={t("area.name")}
        value={id}
        onChange={setId}
        options={areas.map((a) => ({ value: String(a.id), name: a.name }))}
      />
      <AreaField
        label={t("area.question")}
        hint={t(hidden ? "area.question.hidden" : "area.question.shown")}
        error={problem ?? (ask.error && !files ? ask.error.message : undefined)}
        rows={5}
        required
        maxLength={10_000}
        value={body}
        onChange={(e) => setBody(e.target.value)}
      />
      <Field
        label={t("area.term", { unit: t(`area.unit.${area.unit}`) })}
        type="number"
        min={1}
        hint={t(`area.usual.${area.unit}`, { n: area.amount })}
        value={amount}
        onChange={(e) => setAmount(e.target.value)}
      />
      {!row.walled && (
        <CheckField
          label={t("area.hides")}
          hint={t("area.hides.hint")}
          checked={hidden}
          onChange={setHides}
        />
      )}
      <LendFiles row={row} hidden={hidden} lent={lent} problem={files} onChange={setLent} />
      <Button look="primary" type="submit" busy={ask.isPending} disabled={!body.trim() || unseen}>
        {t("area.send")}
      </Button>
    </form>
  );
}
