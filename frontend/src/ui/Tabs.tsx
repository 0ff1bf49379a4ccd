import { type KeyboardEvent, type ReactNode, useId, useRef } from "react";
import styles from "./Tabs.module.css";

interface TabsProps<T extends string> {
  label: string;
  value: T;
  onChange: (value: T) => void;
  tabs: readonly { value: T; name: ReactNode }[];
  /** Stands at the end of the line of tabs. */
  aside?: ReactNode;
  children: ReactNode;
}

/**
 * Tabs over one panel: the panel's content is the caller's and follows the value.
 * One tab is in the order of the keyboard; arrows, Home and End go to the others,
 * and choose them (WAI-ARIA APG, "Tabs with automatic activation").
 */
export function Tabs<T extends string>({ label, value, onChange, tabs, aside, children }: TabsProps<T>) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const at = tabs.findIndex((tab) => tab.value === value);
  const onKeyDown = (event: KeyboardEvent) => {
    const last = tabs.length - 1;
    const to = {
      ArrowRight: at === last ? 0 : at + 1,
      ArrowLeft: at <= 0 ? last : at - 1,
      Home: 0,
      End: last,
    }[event.key];
    const tab = to === undefined ? undefined : tabs[to];
    if (!tab) return;
    event.preventDefault();
    onChange(tab.value);
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[to!]?.focus();
  };
  return (
    <div className={styles.root}>
      <div className={styles.bar}>
        <div ref={list} role="tablist" className={styles.list} aria-label={label} onKeyDown={onKeyDown}>
          {tabs.map((tab) => (
            <button
              key={tab.value}
              type="button"
              role="tab"
              id={`${id}-${tab.value}`}
              aria-selected={tab.value === value}
              aria-controls={`${id}-panel`}
              data-active={tab.value === value ? "" : undefined}
              tabIndex={tab.value === value ? 0 : -1}
              className={styles.tab}
              onClick={() => onChange(tab.value)}
            >
              {tab.name}
            </button>
          ))}
        </div>
        {aside}
      </div>
      <div
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={at < 0 ? undefined : `${id}-${value}`}
        className={styles.panel}
        tabIndex={-1}
      >
        {children}
      </div>
    </div>
  );
}
