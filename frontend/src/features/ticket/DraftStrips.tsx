import { useText } from "../../lib/i18n";
import { shortMoment } from "../../lib/time";
import { Button } from "../../ui/Button";
import styles from "./DraftStrips.module.css";
import { Strip } from "./Strip";
import { settle, type useSavedDrafts } from "./savedDrafts";

interface DraftStripsProps {
  saved: ReturnType<typeof useSavedDrafts>;
  account: number;
  draft: string;
}

/** What else is being written on the ticket: by colleagues, to be read; by ourselves elsewhere, to be chosen from. */
export default function DraftStrips({ saved, account, draft }: DraftStripsProps) {
  const t = useText();
  return (
    <>
      {saved.disputed && (
        <Strip
          title={t("draft.disputed")}
          action={
            <>
              <Button onClick={() => settle(account, draft, "mine")}>{t("draft.keep_mine")}</Button>
              <Button onClick={() => settle(account, draft, "theirs")}>{t("draft.keep_theirs")}</Button>
            </>
          }
        >
          <blockquote>{saved.disputed.body}</blockquote>
        </Strip>
      )}
      {saved.others.map((d) => (
        <details key={`${d.account_id}/${d.kind}`} className={styles.other}>
          <summary>
            {t(`draft.of.${d.kind}`, { name: d.author_name, at: shortMoment(d.updated_at, Date.now()) })}
          </summary>
          <p>{d.body}</p>
        </details>
      ))}
    </>
  );
}
