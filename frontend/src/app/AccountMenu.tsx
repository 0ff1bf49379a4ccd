import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ChevronsUpDown } from "lucide-react";
import { logOut, useMe } from "../api/session";
import { useText } from "../lib/i18n";
import { themes, usePrefs } from "../lib/prefs";
import { Avatar } from "../ui/Avatar";
import { Menu } from "../ui/Menu";
import { choices, item, line } from "../ui/menu";
import { toastError } from "../ui/toast";
import styles from "./AccountMenu.module.css";

export function AccountMenu({ onHelp }: { onHelp: () => void }) {
  const t = useText();
  const me = useMe();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const theme = usePrefs((p) => p.theme);
  const set = usePrefs((p) => p.set);
  const leave = async () => {
    try {
      await logOut();
    } catch (error) {
      return toastError(error);
    }
    await navigate({ to: "/entrar" });
    cache.clear();
  };
  return (
    <Menu
      label={t("shell.account")}
      trigger={
        <button type="button" className={styles.account}>
          <Avatar id={me.id} name={me.name} size={22} label="" />
          <span className={styles.name}>{me.name}</span>
          <ChevronsUpDown aria-hidden />
        </button>
      }
      entries={[
        choices(
          theme,
          themes.map((value) => ({ value, name: t(`theme.${value}`) })),
          (chosen) => set({ theme: chosen }),
        ),
        line,
        item(t("settings.preferencias"), () => void navigate({ to: "/ajustes" }), "go.settings"),
        item(t("command.app.help"), onHelp, "app.help"),
        line,
        item(t("shell.leave"), () => void leave()),
      ]}
    />
  );
}
