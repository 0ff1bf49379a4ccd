import { type KeyboardEvent, type ReactNode, useId, useState } from "react";
import styles from "./call.module.css";

export interface Found {
  id: string;
  name: ReactNode;
  aside?: ReactNode;
  choose: () => void;
}

interface FinderProps {
  label: string;
  placeholder?: string;
  typed: string;
  onType: (typed: string) => void;
  found: readonly Found[];
}

/** One field that finds by typing: arrows walk what was found, Enter takes it. */
export function Finder({ label, placeholder, typed, onType, found }: FinderProps) {
  const id = useId();
  const [at, setAt] = useState(0);
  const current = Math.min(at, found.length - 1);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || found.length === 0) return;
    if (event.key === "ArrowDown") setAt((current + 1) % found.length);
    else if (event.key === "ArrowUp") setAt((current - 1 + found.length) % found.length);
    else if (event.key === "Enter") found[current]?.choose();
    else return;
    event.preventDefault();
  };
  return (
    <div className={styles.finder}>
      <input
        className={styles.input}
        role="combobox"
        aria-label={label}
        aria-expanded={found.length > 0}
        aria-controls={id}
        aria-activedescendant={found[current] ? `${id}-${current}` : undefined}
        placeholder={placeholder}
        value={typed}
        autoComplete="off"
        onChange={(e) => {
          setAt(0);
          onType(e.target.value);
        }}
        onKeyDown={onKeyDown}
      />
      <div id={id} role="listbox" aria-label={label} className={styles.found} hidden={found.length === 0}>
        {found.map((entry, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled by the combobox above
          <div
            key={entry.id}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === current}
            onPointerMove={() => setAt(index)}
            onMouseDown={(e) => e.preventDefault()}
            onClick={entry.choose}
          >
            <span>{entry.name}</span>
            {entry.aside && <span className={styles.quiet}>{entry.aside}</span>}
          </div>
        ))}
      </div>
    </div>
  );
}
