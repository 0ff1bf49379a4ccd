import { useMutation, useQueryClient } from "@tanstack/react-query";
import { keys } from "../../api/keys";
import { useText } from "../../lib/i18n";
import { dayAndTime } from "../../lib/time";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { toast, toastError } from "../../ui/toast";
import { type Outgoing, releaseAll } from "./api";
import styles from "./HeldBanner.module.css";

/** Says what will go out, and what may go out a second time, before it does. */
export function ReleaseDialog({ outgoing, onClose }: { outgoing: Outgoing; onClose: () => void }) {
  const t = useText();
  const cache = useQueryClient();
  const release = useMutation({
    mutationFn: releaseAll,
    onSuccess: () => {
      toast(t("held.released"));
      onClose();
    },
    onError: toastError,
    onSettled: () => cache.invalidateQueries({ queryKey: keys.outgoing }),
  });
  const { waiting } = outgoing;
  return (
    <Dialog open onClose={onClose} title={t("held.dialog")}>
      <div className={styles.dialog}>
        {waiting.length === 0 ? (
          <p>{t("held.nothing")}</p>
        ) : (
          <>
            <p>{t("held.what")}</p>
            <ul>
              {waiting.map((w) => (
                <li key={w.way}>
                  {t(`held.way.${w.way}`, { n: w.n })}
                  <span>{t("held.oldest", { at: dayAndTime(w.oldest) })}</span>
                </li>
              ))}
            </ul>
          </>
        )}
        <p>{t("held.twice")}</p>
        <p className={styles.quiet}>{t("held.wall")}</p>
        <footer>
          <Button onClick={onClose}>{t("held.keep")}</Button>
          <Button look="primary" busy={release.isPending} onClick={() => release.mutate()}>
            {t("held.release.now")}
          </Button>
        </footer>
      </div>
    </Dialog>
  );
}
