import { cloneElement, lazy, type ReactElement, type Ref, Suspense, useRef, useState } from "react";
import { arrives } from "../lib/arrives";
import type { MenuEntry } from "./menu";

const MenuPopup = lazy(() => arrives(() => import("./MenuPopup")));

interface TriggerProps {
  ref?: Ref<HTMLButtonElement>;
  onClick?: () => void;
  "aria-haspopup"?: "menu";
  "aria-expanded"?: boolean;
}

interface MenuProps {
  trigger: ReactElement<TriggerProps>;
  label: string;
  align?: "start" | "end";
  entries: readonly MenuEntry[];
}

/** A button that opens a list of things to do or to choose from. */
export function Menu({ trigger, label, align = "start", entries }: MenuProps) {
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLButtonElement>(null);
  return (
    <>
      {cloneElement(trigger, {
        ref: anchor,
        onClick: () => setOpen(!open),
        "aria-haspopup": "menu",
        "aria-expanded": open,
      })}
      {open && (
        <Suspense>
          <MenuPopup
            anchor={anchor}
            label={label}
            align={align}
            entries={entries}
            onClose={() => setOpen(false)}
          />
        </Suspense>
      )}
    </>
  );
}
