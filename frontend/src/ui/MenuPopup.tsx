import { Menu as Base } from "@base-ui/react/menu";
import { Check } from "lucide-react";
import type { RefObject } from "react";
import type { CommandId } from "../lib/commands";
import { Kbd } from "./Kbd";
import styles from "./MenuPopup.module.css";
import type { MenuEntry } from "./menu";

export interface MenuPopupProps {
  anchor: RefObject<HTMLElement | null>;
  label: string;
  align: "start" | "end";
  entries: readonly MenuEntry[];
  onClose: () => void;
}

/** The floating half of a menu. */
export default function MenuPopup({ anchor, label, align, entries, onClose }: MenuPopupProps) {
  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()} modal={false}>
      <Base.Portal>
        <Base.Positioner className={styles.positioner} anchor={anchor} sideOffset={4} align={align}>
          <Base.Popup className={styles.popup} aria-label={label} finalFocus={anchor}>
            {entries.map((entry, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the entries of an open menu do not move
              <Entry key={at} entry={entry} />
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

function Entry({ entry }: { entry: MenuEntry }) {
  if (entry.type === "line") return <Base.Separator className={styles.line} />;
  if (entry.type === "item") {
    return (
      <Base.Item className={styles.item} onClick={entry.run}>
        <span className={styles.mark} />
        <Name {...entry} />
      </Base.Item>
    );
  }
  return (
    <Base.RadioGroup value={entry.chosen} onValueChange={(at) => entry.choose(Number(at))}>
      {entry.options.map((option, at) => (
        <Base.RadioItem key={option.name} value={at} className={styles.item} closeOnClick>
          <span className={styles.mark}>
            <Base.RadioItemIndicator>
              <Check />
            </Base.RadioItemIndicator>
          </span>
          <Name {...option} />
        </Base.RadioItem>
      ))}
    </Base.RadioGroup>
  );
}

const Name = ({ name, command }: { name: string; command?: CommandId }) => (
  <>
    <span className={styles.name}>{name}</span>
    {command && <Kbd command={command} />}
  </>
);
