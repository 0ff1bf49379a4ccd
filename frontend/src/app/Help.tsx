import { anywhereKey, type CommandId, commandIds, commands } from "../lib/commands";
import { type TextId, useText } from "../lib/i18n";
import { usePrefs } from "../lib/prefs";
import { Dialog } from "../ui/Dialog";
import { CheckField } from "../ui/Field";
import { Keys } from "../ui/Kbd";
import styles from "./Help.module.css";

// In columns: what belongs to a ticket stands beside the rest.
const groups = ["queue", "call", "go", "app", "ticket"] as const;

/** The sheet of all shortcuts, made from the table that the keyboard itself uses. */
export default function Help({ onClose }: { onClose: () => void }) {
  const t = useText();
  const { shortcuts, set } = usePrefs();
  return (
    <Dialog open onClose={onClose} title={t("command.app.help")} wide>
      <div className={styles.sheet}>
        {groups.map((group) => (
          <section key={group}>
            <h3>{t(`help.${group}`)}</h3>
            <dl>
              {commandIds
                .filter((id) => id.startsWith(`${group}.`))
                .map((id) => (
                  <Line key={id} id={id} />
                ))}
              {group === "ticket" && <Pair text="command.ticket.send" keys={["Mod", "Enter"]} />}
            </dl>
          </section>
        ))}
      </div>
      <div className={styles.switch}>
        <CheckField
          label={t("prefs.shortcuts")}
          hint={t("prefs.shortcuts.hint")}
          checked={shortcuts}
          onChange={(on) => set({ shortcuts: on })}
        />
      </div>
    </Dialog>
  );
}

function Line({ id }: { id: CommandId }) {
  const anywhere = anywhereKey(id);
  return (
    <>
      {anywhere && <Pair text={commands[id].text} keys={[anywhere]} />}
      <Pair text={anywhere ? "help.call.letter" : commands[id].text} keys={commands[id].keys} />
    </>
  );
}

function Pair({ text, keys }: { text: TextId; keys: readonly string[] }) {
  const t = useText();
  return (
    <div>
      <dt>{t(text)}</dt>
      <dd>
        <span className="visually-hidden">{keys.join(" ")}</span>
        <Keys keys={keys} />
      </dd>
    </div>
  );
}
