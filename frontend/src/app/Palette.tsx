import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import {
  type KeyboardEvent,
  type ReactNode,
  useDeferredValue,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";
import { api, unwrap } from "../api/client";
import { views } from "../features/queue/view";
import { canRun, commandIds, commands, run } from "../lib/commands";
import { useText } from "../lib/i18n";
import { Dialog } from "../ui/Dialog";
import { Kbd } from "../ui/Kbd";
import styles from "./Palette.module.css";

interface Entry {
  id: string;
  name: string;
  aside: ReactNode;
  act: () => void;
}

const protocolDigits = 17;
const shortestSearch = 3;
const found = 6;
const fold = (text: string) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Everything by typing: a protocol, a ticket, a view, an act on what is open. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const t = useText();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const q = useDeferredValue(typed.trim());

  const tickets = useQuery({
    queryKey: ["palette", q],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/tickets", { params: { query: { q, limit: found } }, signal })),
    enabled: q.length >= shortestSearch,
    staleTime: 10_000,
  });
  const open = (protocol: string) =>
    void navigate({ to: "/fila", search: (now) => ({ view: now.view, sort: now.sort, t: protocol }) });

  const digits = typed.replace(/\D/g, "");
  const entries: Entry[] = [
    ...(digits.length === protocolDigits
      ? [
          {
            id: "protocol",
            name: t("palette.protocol", { protocol: digits }),
            aside: null,
            act: () => open(digits),
          },
        ]
      : []),
    ...(q.length >= shortestSearch ? (tickets.data?.items ?? []) : []).map((row) => ({
      id: `ticket/${row.id}`,
      name: `${row.customer_name || t("customer.unknown")} · ${row.subject}`,
      aside: <span className="numeric">{row.protocol}</span>,
      act: () => open(row.protocol),
    })),
    ...commandIds
      .filter((id) => id !== "app.palette" && canRun(id))
      .map((id) => ({
        id,
        name: t(commands[id].text),
        aside: <Kbd command={id} />,
        act: () => void run(id),
      }))
      .filter((entry) => fold(entry.name).includes(fold(q))),
    ...views
      .map((view) => ({
        id: `view/${view}`,
        name: t(`view.${view}`),
        aside: t("palette.view"),
        act: () => void navigate({ to: "/fila", search: { view } }),
      }))
      .filter((entry) => fold(entry.name).includes(fold(q))),
  ];
  const current = Math.min(at, entries.length - 1);

  useEffect(() => {
    list.current?.querySelector(`[data-at="${current}"]`)?.scrollIntoView({ block: "nearest" });
  }, [current]);

  // The dialog gives the focus back first; what is done then may want it elsewhere.
  const choose = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    setTimeout(entry.act);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "ArrowDown") setAt((current + 1) % Math.max(1, entries.length));
    else if (event.key === "ArrowUp") setAt((current - 1 + entries.length) % Math.max(1, entries.length));
    else if (event.key === "Enter") choose(entries[current]);
    else return;
    event.preventDefault();
  };

  return (
    <Dialog open onClose={onClose} title={t("command.app.palette")} bare>
      <input
        className={styles.input}
        role="combobox"
        aria-expanded={entries.length > 0}
        aria-controls={listId}
        aria-activedescendant={entries[current] ? `${listId}-${current}` : undefined}
        aria-label={t("palette.placeholder")}
        placeholder={t("palette.placeholder")}
        value={typed}
        onChange={(e) => {
          setTyped(e.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
        autoFocus
      />
      <div ref={list} id={listId} role="listbox" aria-label={t("palette.results")} className={styles.list}>
        {entries.map((entry, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled by the combobox above
          <div
            key={entry.id}
            id={`${listId}-${index}`}
            data-at={index}
            role="option"
            tabIndex={-1}
            aria-selected={index === current}
            className={styles.entry}
            onPointerMove={() => setAt(index)}
            onClick={() => choose(entry)}
          >
            <span className={styles.name}>{entry.name}</span>
            <span className={styles.aside}>{entry.aside}</span>
          </div>
        ))}
      </div>
      {entries.length === 0 && (
        <p className={styles.nothing} role="status">
          {t(tickets.isFetching ? "ui.loading" : "palette.nothing")}
        </p>
      )}
    </Dialog>
  );
}
