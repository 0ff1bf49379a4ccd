import { ArrowDownUp, Rows3, Search, UserRound, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useCommands } from "../../lib/commands";
import { useText } from "../../lib/i18n";
import { densities, usePrefs } from "../../lib/prefs";
import { IconButton } from "../../ui/Button";
import { Menu } from "../../ui/Menu";
import { choices } from "../../ui/menu";
import styles from "./QueueHead.module.css";
import { useViewName } from "./useViewName";
import { type ListQuery, ofSomebody, sorts } from "./view";

const typingPause = 220;

interface HeadProps {
  query: ListQuery;
  /** Narrowed to what is mine. */
  own: boolean;
  onChange: (change: Pick<Partial<ListQuery>, "sort" | "q"> & { own?: boolean }) => void;
}

/** What list this is, how it is ordered, and the search in it. */
export function QueueHead({ query, own, onChange }: HeadProps) {
  const t = useText();
  const name = useViewName(query.view);
  const density = usePrefs((p) => p.density);
  const setPrefs = usePrefs((p) => p.set);

  return (
    <header className={styles.head}>
      <div className={styles.line}>
        <h2 className={styles.title}>
          {name}
          {own && <span className={styles.own}> · {t("queue.own").toLocaleLowerCase()}</span>}
        </h2>
        {!ofSomebody.includes(query.view) && (
          <IconButton
            label={t("queue.own")}
            icon={<UserRound />}
            aria-pressed={own}
            onClick={() => onChange({ own: !own || undefined })}
          />
        )}
        <Menu
          align="end"
          trigger={<IconButton label={t("queue.sort")} icon={<ArrowDownUp />} />}
          label={t("queue.sort")}
          entries={[
            choices(
              query.sort,
              sorts.map((value) => ({ value, name: t(`sort.${value}`) })),
              (sort) => onChange({ sort }),
            ),
          ]}
        />
        <Menu
          align="end"
          trigger={<IconButton label={t("prefs.density")} icon={<Rows3 />} />}
          label={t("prefs.density")}
          entries={[
            choices(
              density,
              densities.map((value) => ({ value, name: t(`density.${value}`) })),
              (chosen) => setPrefs({ density: chosen }),
            ),
          ]}
        />
      </div>
      <SearchBox key={query.view} value={query.q ?? ""} onSearch={(q) => onChange({ q: q || undefined })} />
    </header>
  );
}

function SearchBox({ value, onSearch }: { value: string; onSearch: (q: string) => void }) {
  const t = useText();
  const [typed, setTyped] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  const search = useRef(onSearch);
  search.current = onSearch;
  useEffect(() => {
    if (typed === value) return;
    const wait = setTimeout(() => search.current(typed.trim()), typingPause);
    return () => clearTimeout(wait);
  }, [typed, value]);
  useCommands({ "queue.search": () => input.current?.focus() });

  return (
    <search className={styles.search}>
      <Search aria-hidden />
      <input
        ref={input}
        type="search"
        value={typed}
        aria-label={t("queue.search")}
        placeholder={t("queue.search.placeholder")}
        onChange={(e) => setTyped(e.target.value)}
        onKeyDown={(e) => {
          if (e.key !== "Escape") return;
          setTyped("");
          input.current?.blur();
        }}
      />
      {typed && <IconButton label={t("queue.search.clear")} icon={<X />} onClick={() => setTyped("")} />}
    </search>
  );
}
