import { CornerUpLeft, Lock, Paperclip } from "lucide-react";
import {
  type ClipboardEvent,
  type KeyboardEvent,
  lazy,
  type ReactNode,
  Suspense,
  useEffect,
  useRef,
  useState,
} from "react";
import { may, useMe } from "../../api/session";
import type { TicketRow } from "../../api/types";
import { useCommands } from "../../lib/commands";
import { type Translate, useText, withTexts } from "../../lib/i18n";
import { Button, IconButton } from "../../ui/Button";
import { Kbd, Keys } from "../../ui/Kbd";
import { Tabs } from "../../ui/Tabs";
import { AttachmentList } from "./AttachmentList";
import { attach } from "./attachments";
import styles from "./Composer.module.css";
import { ComposerStrips } from "./ComposerStrips";
import type { DraftKind } from "./drafts";
import { useSavedDrafts } from "./savedDrafts";
import { useComposer } from "./useComposer";
import { pastedFiles, useFileDrop } from "./useFileDrop";

const DraftStrips = lazy(() => withTexts(() => import("./DraftStrips")));
const Mentions = lazy(() => withTexts(() => import("./Mentions")));
const OwedDialog = lazy(() => withTexts(() => import("./OwedDialog")));
const PromiseLine = lazy(() => withTexts(() => import("./promises/PromiseLine")));
const ReachDialog = lazy(() => withTexts(() => import("./ReachDialog")));

/** Where we answer the customer or leave a note: two drafts, two looks. */
export function Composer({ row }: { row: TicketRow }) {
  const t = useText();
  const works = may(useMe(), "tickets.work");
  const [kind, setKind] = useState<DraftKind>("reply");
  const [reaching, setReaching] = useState(false);
  const composer = useComposer(row, kind);
  const saved = useSavedDrafts(composer.me, row.id, kind);
  const area = useRef<HTMLTextAreaElement>(null);
  const frame = useRef<HTMLElement>(null);
  const chooser = useRef<HTMLInputElement>(null);
  const [focusWanted, setFocusWanted] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each wish to write moves the focus, also to the same draft
  useEffect(() => {
    if (focusWanted) area.current?.focus();
  }, [focusWanted, kind]);

  const writeTo = (chosen: DraftKind) => {
    setKind(chosen);
    setFocusWanted((n) => n + 1);
  };
  // A file goes to the customer; a note has none.
  const take = kind === "reply" ? (files: File[]) => attach(composer.key, files) : undefined;
  const choose = () => chooser.current?.click();
  const dropping = useFileDrop(frame, take);
  useCommands({
    "ticket.reply": () => writeTo("reply"),
    "ticket.note": () => writeTo("note"),
    "ticket.attach": take && choose,
  });

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape") area.current?.blur();
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    composer.send(event.shiftKey && kind === "reply");
  };
  const onPaste = (event: ClipboardEvent) => {
    const files = pastedFiles(event.clipboardData);
    if (!take || files.length === 0) return;
    event.preventDefault();
    take(files);
  };

  const recipient = row.customer_name || t("customer.unknown");
  const name = kind === "reply" ? t("composer.reply.to", { name: recipient }) : t("composer.note.for");
  const written = composer.text.trim() !== "";
  const held = composer.refusedFiles + composer.waitingFiles > 0;
  return (
    <section ref={frame} className={`${styles.composer} ${styles[kind]}`} aria-label={t("composer.name")}>
      {dropping && <p className={styles.drop}>{t("attach.drop")}</p>}
      <ComposerStrips row={row} composer={composer} onAttach={choose} />
      {(saved.disputed || saved.others.length > 0) && (
        <Suspense>
          <DraftStrips saved={saved} account={composer.me} draft={composer.key} />
        </Suspense>
      )}
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
          {kind === "reply" && works && (
            <Button look="quiet" className={styles.other} onClick={() => setReaching(true)}>
              {t("ticket.reach")}
            </Button>
          )}
        </p>
        <textarea
          ref={area}
          className={styles.text}
          value={composer.text}
          aria-label={name}
          placeholder={t(`composer.${kind}.placeholder`)}
          rows={3}
          readOnly={composer.reading}
          onChange={(e) => composer.write(e.target.value)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
        />
        <Suspense>
          {kind === "note" && <Mentions key={row.id} row={row} area={area} onWrite={composer.write} />}
        </Suspense>
        <Suspense>
          {written && (
            <PromiseLine
              key={composer.key}
              text={composer.text}
              onPledge={composer.pledge}
              onMean={composer.mean}
            />
          )}
        </Suspense>
        <AttachmentList draft={composer.key} files={composer.files} />
        <footer className={styles.foot}>
          {take && (
            <IconButton
              label={t("attach")}
              icon={<Paperclip />}
              command="ticket.attach"
              className={styles.attach}
              onClick={choose}
            />
          )}
          <p className={styles.hint} aria-live="polite">
            <Hint t={t} composer={composer} />
          </p>
          {kind === "reply" && written && !composer.overtaken && (
            <Button
              onClick={() => composer.send(true)}
              busy={composer.sending}
              disabled={held || composer.reading}
            >
              {t("composer.send.resolve")}
            </Button>
          )}
          <Button
            look={written ? "primary" : "plain"}
            onClick={() => composer.send(false)}
            busy={composer.sending}
            disabled={!written || held || composer.reading}
          >
            {t(sendText(kind, composer))}
            <Keys keys={["Mod", "Enter"]} />
          </Button>
        </footer>
      </Tabs>
      <Suspense>
        {reaching && <ReachDialog row={row} onClose={() => setReaching(false)} />}
        {composer.owing && (
          <OwedDialog
            row={row}
            promised={composer.promised}
            onResolve={() => composer.send(true, true)}
            onAnswer={() => composer.send(false)}
            onClose={composer.leaveOwing}
          />
        )}
      </Suspense>
      <input
        ref={chooser}
        type="file"
        multiple
        hidden
        onChange={(e) => {
          take?.([...(e.target.files ?? [])]);
          e.target.value = ""; // or the same file could not be chosen twice
          area.current?.focus();
        }}
      />
    </section>
  );
}

type State = ReturnType<typeof useComposer>;

function Hint({ t, composer }: { t: Translate; composer: State }): ReactNode {
  const { failure, refusedFiles, waitingFiles, text, saved } = composer;
  if (failure)
    return (
      <span className={styles.failure}>
        {failure.message} {t("composer.kept")}
      </span>
    );
  if (refusedFiles > 0)
    return <span className={styles.failure}>{t("attach.refused", { n: refusedFiles })}</span>;
  if (waitingFiles > 0) return t("attach.waiting", { n: waitingFiles });
  return text ? t(saved ? "composer.draft.saved" : "composer.draft") : null;
}

const sendText = (kind: DraftKind, { sending, overtaken }: State) =>
  sending
    ? "composer.sending"
    : overtaken
      ? "composer.send.review"
      : kind === "note"
        ? "composer.send.note"
        : "composer.send";

interface TabProps {
  icon: ReactNode;
  text: string;
  command: "ticket.reply" | "ticket.note";
}

function Tab({ icon, text, command }: TabProps) {
  return (
    <>
      {icon} {text} <Kbd command={command} />
    </>
  );
}
