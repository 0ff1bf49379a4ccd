import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { keys } from "../../api/keys";
import { useText } from "../../lib/i18n";
import { fullDate } from "../../lib/time";
import { Button } from "../../ui/Button";
import { CheckField } from "../../ui/Field";
import { toastError } from "../../ui/toast";
import { type Wish, want, wishesQuery } from "./reach";
import styles from "./wishes.module.css";

/** By which ways a customer wants to be reached. The server's gate asks for it whenever something goes out. */
export default function Wishes({ customerId }: { customerId: number }) {
  const t = useText();
  const cache = useQueryClient();
  const wishes = useQuery(wishesQuery(customerId)).data ?? [];
  const noting = useMutation({
    mutationFn: async (asked: Pick<Wish, "way" | "allowed">[]) => {
      for (const wish of asked) {
        cache.setQueryData(wishesQuery(customerId).queryKey, await want(customerId, wish));
      }
    },
    onError: toastError,
    onSettled: () => {
      void cache.invalidateQueries({ queryKey: keys.wishes(customerId) });
      void cache.invalidateQueries({ queryKey: ["ways"] });
    },
  });
  if (wishes.length === 0) return null;
  const open = wishes.filter((w) => w.allowed);
  return (
    <section className={styles.wishes}>
      <h3>{t("wishes.title")}</h3>
      {wishes.map((w) => (
        <CheckField
          key={w.way}
          label={t(`wishes.${w.way}`)}
          hint={w.at && !w.allowed ? t("wishes.since", { date: fullDate(w.at) }) : undefined}
          checked={w.allowed}
          onChange={(allowed) => !noting.isPending && noting.mutate([{ way: w.way, allowed }])}
        />
      ))}
      {open.length === 0 ? (
        <p className={styles.none}>{t("wishes.none")}</p>
      ) : (
        <Button
          look="quiet"
          className={styles.stop}
          busy={noting.isPending}
          onClick={() => noting.mutate(open.map((w) => ({ way: w.way, allowed: false })))}
        >
          {t("wishes.stop")}
        </Button>
      )}
    </section>
  );
}
