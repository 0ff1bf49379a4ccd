import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError, api, once, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { copyText } from "../../lib/clipboard";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Field, SelectField } from "../../ui/Field";
import { toast, toastError } from "../../ui/toast";
import styles from "./cases.module.css";
import { type Parties, PartyPicker } from "./PartyPicker";
import { TextArea } from "./TextArea";

type Body = components["schemas"]["NewCaseBody"];
type Receipt = components["schemas"]["PublicReceipt"];

const ways = ["phone", "letter", "staff"] as const;
const kinds = ["reclamacao", "denuncia", "solicitacao", "sugestao", "elogio", "informacao"] as const;
const secrecies = ["open", "protected", "anonymous"] as const;

const empty: Body = { way: "phone", kind: "reclamacao", confidentiality: "open", body: "" };

interface Props {
  onClose: () => void;
  onOpen: (protocol: string) => void;
}

/** Writes down what came to the office by phone, letter or in person. */
export default function OpenCaseDialog({ onClose, onOpen }: Props) {
  const t = useText();
  const [receipt, setReceipt] = useState<Receipt>();
  return (
    <Dialog open wide onClose={onClose} title={t(receipt ? "cases.new.done" : "cases.new")}>
      {receipt ? (
        <Told receipt={receipt} onOpen={() => onOpen(receipt.protocol)} />
      ) : (
        <Demand onDone={setReceipt} />
      )}
    </Dialog>
  );
}

function Demand({ onDone }: { onDone: (receipt: Receipt) => void }) {
  const t = useText();
  const cache = useQueryClient();
  const [demand, setDemand] = useState<Body>(empty);
  const [accused, setAccused] = useState<Parties>({ accounts: [], teams: [] });
  const [key] = useState(() => crypto.randomUUID?.() ?? String(Math.random()));
  const set = (part: Partial<Body>) => setDemand((before) => ({ ...before, ...part }));
  const send = useMutation({
    mutationFn: (body: Body) => unwrap(api.POST("/api/ombudsman/cases", { body, headers: once(key) })),
    onSuccess: (receipt) => {
      onDone(receipt);
      void cache.invalidateQueries({ queryKey: ["cases"] });
    },
    onError: toastError,
  });
  const wrong = (name: string) => (send.error instanceof ApiError ? send.error.field(name) : undefined);
  const anonymous = demand.confidentiality === "anonymous";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!demand.body.trim() || send.isPending) return;
    const said = anonymous ? { ...demand, name: "", email: "", phone: "", document: "" } : demand;
    const told = Object.fromEntries(Object.entries(said).filter(([, v]) => v !== "")) as unknown as Body;
    const parties =
      demand.kind === "denuncia" ? { accused_accounts: accused.accounts, accused_teams: accused.teams } : {};
    send.mutate({ ...told, ...parties });
  };
  const text = (name: "name" | "email" | "phone" | "document" | "sac_protocol" | "subject", max: number) => (
    <Field
      label={t(`cases.new.${name}`)}
      value={demand[name] ?? ""}
      maxLength={max}
      error={wrong(name)}
      onChange={(e) => set({ [name]: e.target.value })}
    />
  );
  return (
    <form className={styles.demand} onSubmit={submit}>
      <div className={styles.triple}>
        <SelectField
          label={t("cases.new.way")}
          value={demand.way}
          onChange={(way) => set({ way })}
          options={ways.map((way) => ({ value: way, name: t(`cases.way.${way}`) }))}
        />
        <SelectField
          label={t("cases.new.kind")}
          value={demand.kind}
          onChange={(kind) => set({ kind })}
          options={kinds.map((kind) => ({ value: kind as Body["kind"], name: t(`kind.${kind}`) }))}
        />
        {text("sac_protocol", 60)}
      </div>
      {text("subject", 200)}
      <TextArea
        label={t("cases.new.body")}
        hint={t("cases.new.body.hint")}
        rows={6}
        value={demand.body}
        onChange={(body) => set({ body })}
        max={20_000}
      />
      {demand.kind === "denuncia" && (
        <fieldset className={styles.group}>
          <legend>{t("cases.accused.title")}</legend>
          <p className={styles.quiet}>{t("cases.accused.hint")}</p>
          <PartyPicker value={accused} onChange={setAccused} />
        </fieldset>
      )}
      <SelectField
        label={t("cases.secrecy")}
        hint={t(`cases.new.secrecy.${demand.confidentiality}`)}
        value={demand.confidentiality}
        onChange={(confidentiality) => set({ confidentiality })}
        options={secrecies.map((s) => ({ value: s, name: t(`cases.secrecy.${s}`) }))}
      />
      {!anonymous && (
        <fieldset className={styles.group}>
          <legend>{t("cases.from")}</legend>
          <div className={styles.pair}>
            {text("name", 200)}
            {text("email", 254)}
            {text("phone", 40)}
            {text("document", 40)}
          </div>
        </fieldset>
      )}
      <div className={styles.buttons}>
        <Button look="primary" type="submit" busy={send.isPending} disabled={!demand.body.trim()}>
          {t("cases.new.send")}
        </Button>
      </div>
    </form>
  );
}

/** The protocol to be told, and the address by which an anonymous person comes back. */
function Told({ receipt, onOpen }: { receipt: Receipt; onOpen: () => void }) {
  const t = useText();
  const copy = async (value: string) => {
    if (await copyText(value)) toast(t("cases.new.copied"));
  };
  return (
    <div className={styles.demand} role="status">
      <p>{t("cases.new.tell")}</p>
      <p className={`${styles.protocol} numeric`}>{grouped(receipt.protocol)}</p>
      <p className={styles.quiet}>{t("cases.new.link")}</p>
      <p className={styles.link}>{receipt.track_url}</p>
      <div className={styles.buttons}>
        <Button look="primary" onClick={onOpen}>
          {t("cases.new.go")}
        </Button>
        <Button onClick={() => void copy(receipt.protocol)}>{t("cases.new.copy")}</Button>
        <Button onClick={() => void copy(receipt.track_url)}>{t("cases.new.copy_link")}</Button>
      </div>
    </div>
  );
}

/** As it is read aloud: date, sequence, check. */
const grouped = (p: string) => p.replace(/^(\d{4})(\d{4})(\d{3})(\d{4})(\d{2})$/, "$1 $2 $3 $4 $5");
