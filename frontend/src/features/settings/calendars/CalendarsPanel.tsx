import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowLeft, Copy, Plus } from "lucide-react";
import { useState } from "react";
import { type Calendar, calendarsKey, calendarsQuery, savedYearQuery } from "../../../api/calendars";
import { type Translate, useText } from "../../../lib/i18n";
import { Button, IconButton } from "../../../ui/Button";
import { ErrorState, Skeleton } from "../../../ui/states";
import { toast } from "../../../ui/toast";
import styles from "../settings.module.css";
import { CalendarForm } from "./CalendarForm";
import own from "./calendars.module.css";
import { TestDate } from "./TestDate";
import { YearPicture } from "./YearPicture";

type Open = { edit: Calendar } | { look: Calendar } | { add: Calendar | undefined };

/** The calendars that deadlines are counted by: the company's own, and those that every desk has. */
export function CalendarsPanel() {
  const t = useText();
  const cache = useQueryClient();
  const all = useQuery(calendarsQuery);
  const [open, setOpen] = useState<Open>();
  if (all.isPending) return <Skeleton rows={4} />;
  if (all.isError) return <ErrorState error={all.error} onRetry={() => void all.refetch()} />;
  const refresh = () => void cache.invalidateQueries({ queryKey: calendarsKey });
  const close = () => {
    refresh();
    setOpen(undefined);
  };
  if (open && "look" in open) {
    return <BuiltIn calendar={open.look} onClose={close} onCopy={() => setOpen({ add: open.look })} />;
  }
  if (open) {
    const edited = "edit" in open ? open.edit : undefined;
    return (
      <CalendarForm
        key={edited ? `${edited.id} ${edited.version}` : "new"}
        calendar={edited}
        from={"add" in open ? open.add : undefined}
        onSaved={(saved) => {
          toast(t("calendar.saved", { name: saved.name }));
          close();
        }}
        onBrought={(now) => {
          refresh();
          setOpen({ edit: now });
        }}
        onClose={close}
      />
    );
  }
  const mine = all.data.filter((c) => !c.built_in);
  const add = (
    <Button look="primary" icon={<Plus aria-hidden />} onClick={() => setOpen({ add: undefined })}>
      {t("calendar.add")}
    </Button>
  );
  return (
    <>
      <div className={styles.titled}>
        <h2>{t("settings.calendarios")}</h2>
        {add}
      </div>
      <p className={`${styles.quiet} ${own.lead}`}>{t("calendar.lead")}</p>
      <h3 className={own.group}>{t("calendar.mine")}</h3>
      {mine.length === 0 && <p className={styles.quiet}>{t("calendar.mine.none")}</p>}
      <CalendarList calendars={mine} action={t("calendar.edit")} onOpen={(edit) => setOpen({ edit })} />
      <h3 className={own.group}>{t("calendar.built_in")}</h3>
      <CalendarList
        calendars={all.data.filter((c) => c.built_in)}
        action={t("calendar.look")}
        onOpen={(look) => setOpen({ look })}
      />
    </>
  );
}

interface CalendarListProps {
  calendars: readonly Calendar[];
  action: string;
  onOpen: (calendar: Calendar) => void;
}

function CalendarList({ calendars, action, onOpen }: CalendarListProps) {
  const t = useText();
  if (calendars.length === 0) return null;
  return (
    <ul className={styles.list}>
      {calendars.map((c) => (
        <li key={c.id}>
          <div>
            <strong>{c.name}</strong>
            <p className={styles.quiet}>
              {c.used_by.length > 0 ? usedBy(t, c.used_by) : t("calendar.unused")}
            </p>
          </div>
          <div className={styles.quiet} aria-live="polite">
            {c.run && !c.run.finished_at
              ? t("calendar.running", { share: Math.round(c.run.done * 100) })
              : c.days.length > 0 && t("calendar.days.n", { n: c.days.length })}
          </div>
          <Button aria-label={`${action}: ${c.name}`} onClick={() => onOpen(c)}>
            {action}
          </Button>
        </li>
      ))}
    </ul>
  );
}

function usedBy(t: Translate, names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3
    ? t("calendar.used.more", { names: shown, n: names.length - 3 })
    : t("calendar.used", { names: shown });
}

interface BuiltInProps {
  calendar: Calendar;
  onClose: () => void;
  onCopy: () => void;
}

/** A calendar that every desk has: looked at, tried, and taken as the beginning of another. */
function BuiltIn({ calendar, onClose, onCopy }: BuiltInProps) {
  const t = useText();
  const [year, setYear] = useState(() => new Date().getFullYear());
  const picture = useQuery(savedYearQuery(calendar.id, year));
  return (
    <div className={own.form}>
      <header className={own.head}>
        <IconButton label={t("calendar.all")} icon={<ArrowLeft />} onClick={onClose} />
        <h2>{calendar.name}</h2>
        <Button icon={<Copy aria-hidden />} onClick={onCopy}>
          {t("calendar.copy")}
        </Button>
      </header>
      {picture.isError && <ErrorState error={picture.error} onRetry={() => void picture.refetch()} />}
      {picture.isPending && <Skeleton rows={6} />}
      {picture.data && <YearPicture data={picture.data} onYear={setYear} />}
      <TestDate calendar={calendar.id} />
    </div>
  );
}
