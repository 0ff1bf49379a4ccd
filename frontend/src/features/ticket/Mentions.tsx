import { useQuery } from "@tanstack/react-query";
import { type RefObject, useEffect, useId, useRef, useState } from "react";
import { peopleQuery } from "../../api/directory";
import { useMe } from "../../api/session";
import type { TicketRow } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Avatar } from "../../ui/Avatar";
import styles from "./Mentions.module.css";
import { colleaguesFor, type Naming, named, namingAt } from "./mentioning";

interface MentionsProps {
  row: TicketRow;
  area: RefObject<HTMLTextAreaElement | null>;
  onWrite: (text: string) => void;
}

/**
 * Completes the names of colleagues after an @. The focus stays in the text: arrows
 * walk the list, Enter and Tab take a name, Escape leaves what was typed.
 */
export default function Mentions({ row, area, onWrite }: MentionsProps) {
  const t = useText();
  const me = useMe();
  const id = useId();
  const [naming, setNaming] = useState<Naming>();
  const [at, setAt] = useState(0);
  const people = useQuery({ ...peopleQuery, enabled: naming !== undefined }).data ?? [];
  const found = naming ? colleaguesFor(naming.typed, people, me.id, row) : [];
  const current = found[Math.min(at, found.length - 1)];
  const open = found.length > 0;

  const take = (name: string) => {
    const field = area.current;
    if (!field || !naming) return;
    const next = named(field.value, field.selectionStart, naming, name);
    onWrite(next.text);
    setNaming(undefined);
    requestAnimationFrame(() => field.setSelectionRange(next.caret, next.caret));
  };

  // The text belongs to the composer: what happens in it is heard here, before it hears it.
  const onKey = useRef<(event: KeyboardEvent) => void>(() => undefined);
  onKey.current = (event) => {
    if (!open || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setAt((Math.min(at, found.length - 1) + step + found.length) % found.length);
    else if (event.key === "Escape") setNaming(undefined);
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && current) take(current.name);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  useEffect(() => {
    const field = area.current;
    if (!field) return;
    const look = () => {
      setNaming(
        field.selectionStart === field.selectionEnd ? namingAt(field.value, field.selectionStart) : undefined,
      );
      setAt(0);
    };
    const leave = () => setNaming(undefined);
    const press = (event: KeyboardEvent) => onKey.current(event);
    look(); // what was typed while this was still being loaded
    field.addEventListener("input", look);
    field.addEventListener("click", look);
    field.addEventListener("blur", leave);
    field.addEventListener("keydown", press);
    return () => {
      field.removeEventListener("input", look);
      field.removeEventListener("click", look);
      field.removeEventListener("blur", leave);
      field.removeEventListener("keydown", press);
    };
  }, [area]);

  const active = current && `${id}-${current.id}`;
  useEffect(() => {
    const field = area.current;
    if (!field) return;
    field.setAttribute("aria-autocomplete", "list");
    if (open && active) {
      field.setAttribute("aria-controls", id);
      field.setAttribute("aria-activedescendant", active);
    } else {
      field.removeAttribute("aria-controls");
      field.removeAttribute("aria-activedescendant");
    }
    return () => {
      for (const name of ["aria-autocomplete", "aria-controls", "aria-activedescendant"])
        field.removeAttribute(name);
    };
  }, [area, id, open, active]);

  return (
    <>
      <p className="visually-hidden" aria-live="polite">
        {open && t("mention.found", { n: found.length })}
      </p>
      {open && (
        <div
          id={id}
          role="listbox"
          aria-label={t("mention.list")}
          className={styles.list}
          style={{ bottom: above(area.current) }}
        >
          {found.map((person) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled in the text
            <div
              key={person.id}
              id={`${id}-${person.id}`}
              role="option"
              tabIndex={-1}
              aria-selected={person === current}
              onPointerMove={() => setAt(found.indexOf(person))}
              onMouseDown={(e) => e.preventDefault()}
              onClick={() => take(person.name)}
            >
              <Avatar id={person.id} name={person.name} size={20} />
              <span>{person.name}</span>
              <span className={styles.role}>{t(`role.${person.role}`)}</span>
            </div>
          ))}
        </div>
      )}
    </>
  );
}

/** Over the tabs of the composer, so that it cuts through none of them. */
function above(field: HTMLElement | null): number {
  const composer = field?.offsetParent;
  const tabs = composer?.querySelector<HTMLElement>('[role="tablist"]');
  return composer ? composer.clientHeight - (tabs?.offsetTop ?? 0) + 4 : 0;
}
