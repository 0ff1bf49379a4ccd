import { useQuery } from "@tanstack/react-query";
import { CornerUpLeft, Lock } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { TicketRow } from "../../api/types";
import { useCommands } from "../../lib/commands";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Kbd, Keys } from "../../ui/Kbd";
import { Tabs } from "../../ui/Tabs";
import { timelineQuery } from "./api";
import styles from "./Composer.module.css";
import type { DraftKind } from "./drafts";
import { Strip } from "./Strip";
import { useComposer } from "./useComposer";

/** Where we answer the customer or leave a note: two drafts, two looks. */
export function Composer({ row }: { row: TicketRow }) {
  const t = useText();
  const [kind, setKind] = useState<DraftKind>("reply");
  const composer = useComposer(row, kind);
  const area = useRef<HTMLTextAreaElement>(null);
  const [focusWanted, setFocusWanted] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each wish to write moves the focus, also to the same draft
  useEffect(() => {
    if (focusWanted) area.current?.focus();
  }, [focusWanted, kind]);

  const writeTo = (chosen: DraftKind) => {
    setKind(chosen);
    setFocusWanted((n) => n + 1);
  };
  useCommands({ "ticket.reply": () => writeTo("reply"), "ticket.note": () => writeTo("note") });

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape") area.current?.blur();
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    composer.send(event.shiftKey && kind === "reply");
  };

  const recipient = row.customer_name || t("customer.unknown");
  const name = kind === "reply" ? t("composer.reply.to", { name: recipient }) : t("composer.note.for");
  return (
    <section className={`${styles.composer} ${styles[kind]}`} aria-label={t("composer.name")}>
      <Strips row={row} composer={composer} />
      <Tabs
        label={t("composer.name")}
        value={kind}
        onChange={setKind}
        tabs={[
          {
            value: "reply",
            name: (
              <Tab icon={<CornerUpLeft aria-hidden />} text={t("composer.reply")} command="ticket.reply" />
            ),
          },
          {
            value: "note",
            name: <Tab icon={<Lock aria-hidden />} text={t("composer.note")} command="ticket.note" />,
          },
        ]}
      >
        <p className={styles.recipient}>
          {kind === "note" && <Lock aria-hidden />}
          {name}
          {kind === "reply" && <span> · {t(`composer.way.${row.channel}`)}</span>}
        </p>
        <textarea
          ref={area}
          className={styles.text}
          value={composer.text}
          aria-label={name}
          placeholder={t(`composer.${kind}.placeholder`)}
          rows={3}
          onChange={(e) => composer.write(e.target.value)}
          onKeyDown={onKeyDown}
        />
        <footer className={styles.foot}>
          <p className={styles.hint} aria-live="polite">
            {composer.failure ? (
              <span className={styles.failure}>
                {composer.failure.message} {t("composer.kept")}
              </span>
            ) : composer.text ? (
              t("composer.draft")
            ) : null}
          </p>
          {kind === "reply" && composer.text.trim() !== "" && !composer.overtaken && (
            <Button onClick={() => composer.send(true)} busy={composer.sending}>
              {t("composer.send.resolve")}
            </Button>
          )}
          <Button
            look={composer.text.trim() ? "primary" : "plain"}
            onClick={() => composer.send(false)}
            busy={composer.sending}
            disabled={composer.text.trim() === ""}
          >
            {t(sendText(kind, composer))}
            <Keys keys={["Mod", "Enter"]} />
          </Button>
        </footer>
      </Tabs>
    </section>
  );
}

type State = ReturnType<typeof useComposer>;

const sendText = (kind: DraftKind, { sending, overtaken }: State) =>
  sending
    ? "composer.sending"
    : overtaken
      ? "composer.send.review"
      : kind === "note"
        ? "composer.send.note"
        : "composer.send";

function Tab({
  icon,
  text,
  command,
}: {
  icon: React.ReactNode;
  text: string;
  command: "ticket.reply" | "ticket.note";
}) {
  return (
    <>
      {icon} {text} <Kbd command={command} />
    </>
  );
}

/** What came between the writer and the sending; the text below stays as it is. */
function Strips({ row, composer }: { row: TicketRow; composer: State }) {
  const t = useText();
  const entries = useQuery(timelineQuery(row.id)).data?.items ?? [];
  const { interruption, refused, overtaken, seen } = composer;
  const between =
    refused.length > 0 ? refused : entries.flatMap((e) => (e.message && e.version > seen ? [e.message] : []));
  return (
    <>
      {overtaken && (
        <Strip title={t("strip.stale", { name: between.at(-1)?.author_name || t("event.somebody") })}>
          {between.map((message) => (
            <blockquote key={message.id}>{message.body}</blockquote>
          ))}
          <p>{t("strip.stale.safe")}</p>
        </Strip>
      )}
      {interruption?.kind === "claimed_by_other" && (
        <Strip title={t("strip.claimed", { name: interruption.name ?? t("event.somebody") })}>
          <p>{t("strip.claimed.safe")}</p>
        </Strip>
      )}
      {interruption?.kind === "lease_lost" && (
        <Strip
          title={t("strip.lease_lost")}
          action={<Button onClick={() => void composer.takeUp()}>{t("strip.lease_lost.again")}</Button>}
        >
          <p>{t("strip.lease_lost.safe")}</p>
        </Strip>
      )}
    </>
  );
}
