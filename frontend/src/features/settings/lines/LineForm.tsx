import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../../api/client";
import type { Brand, PhoneLine, Team } from "../../../api/types";
import { useText } from "../../../lib/i18n";
import { Button } from "../../../ui/Button";
import { Field, SelectField } from "../../../ui/Field";
import styles from "../settings.module.css";
import { addLine, changeLine } from "./api";

interface LineFormProps {
  line?: PhoneLine;
  brands: readonly Brand[];
  teams: readonly Team[];
  onSaved: (line: PhoneLine) => void;
  onClose: () => void;
}

/** A number that customers dial: what it is called, and who answers it. */
export function LineForm({ line, brands, teams, onSaved, onClose }: LineFormProps) {
  const t = useText();
  const [number, setNumber] = useState(line?.number ?? "");
  const [name, setName] = useState(line?.name ?? "");
  const [brand, setBrand] = useState(String(line?.brand_id ?? brands[0]?.id ?? ""));
  const [team, setTeam] = useState(String(line?.team_id ?? 0));
  const save = useMutation({
    mutationFn: () => {
      const body = { number, name, brand_id: brand ? Number(brand) : undefined, team_id: Number(team) };
      return line ? changeLine(line.id, body) : addLine(body);
    },
    onSuccess: onSaved,
  });
  const problem = save.error instanceof ApiError ? save.error : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <>
      <h2>{t(line ? "lines.edit" : "lines.add")}</h2>
      <form className={styles.form} onSubmit={submit}>
        <Field
          label={t("lines.number")}
          hint={t("lines.number.hint")}
          value={number}
          onChange={(e) => setNumber(e.target.value)}
          error={problem?.field("number")}
          maxLength={100}
          required
          autoFocus
        />
        <Field
          label={t("lines.name")}
          hint={t("lines.name.hint")}
          value={name}
          onChange={(e) => setName(e.target.value)}
          error={problem?.field("name")}
          maxLength={100}
          required
        />
        {brands.length > 1 && (
          <SelectField
            label={t("lines.brand")}
            value={brand}
            options={brands.map((b) => ({ value: String(b.id), name: b.name }))}
            onChange={setBrand}
          />
        )}
        <SelectField
          label={t("lines.team")}
          value={team}
          options={[
            { value: "0", name: t("lines.team.default") },
            ...teams.map((b) => ({ value: String(b.id), name: b.name })),
          ]}
          onChange={setTeam}
          error={problem?.field("team_id")}
        />
        {save.error && (
          <p role="alert" className={styles.error}>
            {save.error.message}
          </p>
        )}
        <div>
          <Button look="primary" type="submit" busy={save.isPending}>
            {t("ui.save")}
          </Button>{" "}
          <Button look="quiet" onClick={onClose}>
            {t("call.cancel")}
          </Button>
        </div>
      </form>
    </>
  );
}
