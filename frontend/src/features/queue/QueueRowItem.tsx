import { Globe, Mail, Phone, Scale } from "lucide-react";
import { lazy, memo, Suspense } from "react";
import { usePerson } from "../../api/directory";
import { useCompany } from "../../api/here";
import type { Channel, TicketRow } from "../../api/types";
import { useNow } from "../../lib/clock";
import { type Translate, useText, withTexts } from "../../lib/i18n";
import { usePrefs } from "../../lib/prefs";
import { roughSpan } from "../../lib/time";
import { Avatar } from "../../ui/Avatar";
import { DeadlineChip } from "../../ui/deadline/DeadlineChip";
import styles from "./QueueRowItem.module.css";

const RowCompany = lazy(() => withTexts(() => import("./RowCompany")));

const channelIcons: Record<Channel, typeof Mail> = {
  phone: Phone,
  webform: Globe,
  email: Mail,
  ombudsman: Scale,
};

interface RowProps {
  row: TicketRow;
  left: boolean;
  top: number;
  height: number;
  position: number;
  /** -1 while the end of the list is not known. */
  total: number;
  selected: boolean;
  /** One of those that will be changed together. */
  chosen: boolean;
  /** Some are chosen: the boxes of all are shown. */
  choosing: boolean;
  /** With Shift: everything as far as this row. */
  onChoose: (far: boolean) => void;
  reachable: boolean;
  onOpen: () => void;
  onNear: () => void;
}

/** One ticket of the list. The whole row is its link; the chip stands above it. */
export const QueueRowItem = memo(
  function QueueRowItem(props: RowProps) {
    const {
      row,
      left,
      top,
      height,
      position,
      total,
      selected,
      reachable,
      chosen,
      choosing,
      onChoose,
      onOpen,
      onNear,
    } = props;
    const t = useText();
    const density = usePrefs((p) => p.density);
    const Icon = channelIcons[row.channel];
    const fresh = row.status === "new";
    const classes = [
      styles.row,
      styles[density],
      selected && styles.selected,
      (chosen || choosing) && styles.choosing,
      chosen && styles.chosen,
      left && styles.left,
      fresh && styles.fresh,
    ];

    return (
      <li
        className={classes.filter(Boolean).join(" ")}
        style={{ height, transform: `translateY(${top}px)` }}
        aria-setsize={total}
        aria-posinset={position}
      >
        <a
          className={styles.link}
          href={`/fila?t=${row.protocol}`}
          data-row={row.id}
          tabIndex={reachable ? 0 : -1}
          aria-current={selected || undefined}
          aria-label={nameOf(t, row, left)}
          onPointerEnter={onNear}
          onMouseDown={(event) => event.shiftKey && event.preventDefault()} // or the text between is marked
          onClick={(event) => {
            event.preventDefault();
            if (event.ctrlKey || event.metaKey || event.shiftKey) onChoose(event.shiftKey);
            else onOpen();
          }}
        >
          <Icon className={styles.channel} aria-hidden />
          <span className={styles.customer}>{row.customer_name || t("customer.unknown")}</span>
          <span className={styles.subject}>
            {left ? (
              <em>{t("queue.left")}</em>
            ) : (
              <>
                <b>{row.subject}</b>
                {row.preview && <span className={styles.preview}> {row.preview}</span>}
              </>
            )}
          </span>
        </a>
        <input
          type="checkbox"
          className={styles.box}
          checked={chosen}
          tabIndex={-1}
          aria-label={t("queue.choose", { name: nameOf(t, row, false) })}
          onChange={(event) => onChoose((event.nativeEvent as MouseEvent).shiftKey)}
        />
        <span className={styles.aside}>
          {row.incident_id !== null && <span className={styles.tag}>{t("queue.incident")}</span>}
          {row.turn === "area" && row.turn_area && (
            <span className={styles.turn}>{t("turn.area", { area: row.turn_area })}</span>
          )}
          {row.area_answered_at && <b className={styles.turn}>{t("turn.answered")}</b>}
          {row.tags.slice(0, 2).map((tag) => (
            <span key={tag} className={styles.tag}>
              {tag}
            </span>
          ))}
          <Company id={row.id} />
          <Waiting since={row.waiting_since} />
          <Holder row={row} />
        </span>
        <span className={row.turn === "area" ? `${styles.chip} ${styles.elsewhere}` : styles.chip}>
          <DeadlineChip row={row} reachable={reachable} />
        </span>
      </li>
    );
  },
  (a, b) =>
    a.row === b.row &&
    a.left === b.left &&
    a.top === b.top &&
    a.height === b.height &&
    a.position === b.position &&
    a.total === b.total &&
    a.selected === b.selected &&
    a.chosen === b.chosen &&
    a.choosing === b.choosing &&
    a.reachable === b.reachable,
);

const nameOf = (t: Translate, row: TicketRow, left: boolean) =>
  [
    row.customer_name || t("customer.unknown"),
    row.subject,
    t(`channel.${row.channel}`),
    t(`status.${row.status}`),
    row.turn === "area" && row.turn_area && t("turn.area", { area: row.turn_area }),
    row.area_answered_at && t("turn.answered"),
    left && t("queue.left"),
  ]
    .filter(Boolean)
    .join(", ");

function Company({ id }: { id: number }) {
  const others = useCompany((s) => s.of[id]);
  return others?.length ? (
    <Suspense>
      <RowCompany others={others} />
    </Suspense>
  ) : null;
}

/** How long the customer has been waiting for us. */
function Waiting({ since }: { since: string | null }) {
  const t = useText();
  const now = useNow(30_000);
  if (!since) return null;
  const span = roughSpan(now - Date.parse(since));
  return (
    <span className={`${styles.waiting} numeric`} title={t("queue.waiting", { span })}>
      <span className="visually-hidden">{t("queue.waiting", { span })}</span>
      <span aria-hidden>{span}</span>
    </span>
  );
}

function Holder({ row }: { row: TicketRow }) {
  const t = useText();
  const person = usePerson(row.holder_id ?? row.assignee_id);
  if (!person) return <span className={styles.nobody} />;
  const label = t(row.holder_id ? "queue.holder" : "queue.assignee", { name: person.name });
  return (
    <span className={row.holder_id ? styles.holding : undefined}>
      <Avatar id={person.id} name={person.name} size={18} label={label} />
    </span>
  );
}
