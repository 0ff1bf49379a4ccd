import { useQuery } from "@tanstack/react-query";
import type { TicketRow } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { timelineQuery } from "./api";
import { Strip } from "./Strip";
import type { useComposer } from "./useComposer";

interface StripsProps {
  row: TicketRow;
  composer: ReturnType<typeof useComposer>;
  onAttach: () => void;
}

/** What came between the writer and the sending; the text below stays as it is. */
export function ComposerStrips({ row, composer, onAttach }: StripsProps) {
  const t = useText();
  const entries = useQuery(timelineQuery(row.id)).data?.items ?? [];
  const { interruption, refused, overtaken, seen, asked, taken } = composer;
  const between =
    refused.length > 0
      ? refused
      : entries.flatMap((e) => (e.message && !e.message.automatic && e.version > seen ? [e.message] : []));
  return (
    <>
      {overtaken && (
        <Strip title={t("strip.stale", { name: between.at(-1)?.author_name || t("event.somebody") })}>
          {between.map((message) => (
            <blockquote key={message.id}>{message.body}</blockquote>
          ))}
          <p>{t("strip.stale.safe")}</p>
        </Strip>
      )}
      {taken && (
        <Strip title={t("strip.taken", { name: taken.name })}>
          {taken.reason && <blockquote>{taken.reason}</blockquote>}
          <p>{t("strip.claimed.safe")}</p>
        </Strip>
      )}
      {!taken && interruption?.kind === "claimed_by_other" && (
        <Strip title={t("strip.claimed", { name: interruption.name ?? t("event.somebody") })}>
          <p>{t("strip.claimed.safe")}</p>
        </Strip>
      )}
      {interruption?.kind === "lease_lost" && (
        <Strip
          title={t("strip.lease_lost")}
          action={<Button onClick={() => void composer.takeUp()}>{t("strip.lease_lost.again")}</Button>}
        >
          <p>{t("strip.lease_lost.safe")}</p>
        </Strip>
      )}
      {asked && (
        <Strip
          quiet
          title={t("strip.no_file")}
          action={
            <>
              <Button onClick={onAttach}>{t("attach")}</Button>
              <Button look="quiet" onClick={() => composer.send(asked.resolve)}>
                {t("strip.no_file.send")}
              </Button>
            </>
          }
        />
      )}
    </>
  );
}
