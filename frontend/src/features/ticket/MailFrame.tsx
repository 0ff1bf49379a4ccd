import { useQuery } from "@tanstack/react-query";
import { ImageOff } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { api, unwrap } from "../../api/client";
import { keys } from "../../api/keys";
import type { Message } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { ErrorState, Skeleton } from "../../ui/states";
import styles from "./MailFrame.module.css";
import { estimatedHeight, mailDocument } from "./mailFrame";
import { fetchOwn, fetchRemote } from "./mailImages";

const none: ReadonlyMap<string, string> = new Map();

/** A mail as its sender laid it out, in a frame that runs nothing and fetches nothing. */
export function MailFrame({ ticketId, message }: { ticketId: number; message: Message }) {
  const t = useText();
  const mail = useQuery({
    queryKey: keys.messageHTML(message.id),
    queryFn: async ({ signal }) => {
      const path = { ticket: String(ticketId), message: String(message.id) };
      const sent = await unwrap(
        api.GET("/api/tickets/{ticket}/messages/{message}/html", { params: { path }, signal }),
      );
      return { ...sent, own: await fetchOwn(sent.html, message.files) };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (mail.isPending) return <Skeleton rows={1} height={160} />;
  if (mail.isError) return <ErrorState error={mail.error} onRetry={() => void mail.refetch()} />;
  const { html, own, remote_images } = mail.data;
  return (
    <Sheet
      ticketId={ticketId}
      messageId={message.id}
      html={html}
      own={own}
      remote={remote_images}
      title={t("mail.frame", { name: message.author_name })}
    />
  );
}

interface SheetProps {
  ticketId: number;
  messageId: number;
  html: string;
  own: ReadonlyMap<string, string>;
  remote: readonly string[];
  title: string;
}

function Sheet({ ticketId, messageId, html, own, remote, title }: SheetProps) {
  const t = useText();
  const frame = useRef<HTMLIFrameElement>(null);
  const [fetched, setFetched] = useState(none);
  const [asking, setAsking] = useState<"no" | "now" | "done">("no");
  const [height, setHeight] = useState(200);
  const document = useMemo(() => mailDocument(html, new Map([...own, ...fetched])), [html, own, fetched]);
  useEffect(() => {
    if (frame.current) setHeight(estimatedHeight(html, frame.current.clientWidth));
  }, [html]);

  const ask = async () => {
    setAsking("now");
    setFetched(await fetchRemote(ticketId, messageId, remote));
    setAsking("done");
  };
  const missing = remote.length - fetched.size;
  return (
    <div className={styles.sheet}>
      {remote.length > 0 && (
        <div className={styles.blocked} role="status">
          <ImageOff aria-hidden />
          {asking === "done" ? (
            <span>{missing > 0 ? t("mail.images.missing", { n: missing }) : t("mail.images.shown")}</span>
          ) : (
            <>
              <span>{t("mail.images.blocked", { n: remote.length })}</span>
              <Button look="quiet" busy={asking === "now"} onClick={() => void ask()}>
                {t("mail.images.show")}
              </Button>
            </>
          )}
        </div>
      )}
      <iframe
        ref={frame}
        className={styles.frame}
        style={{ height }}
        title={title}
        srcDoc={document}
        sandbox="allow-popups allow-popups-to-escape-sandbox"
        referrerPolicy="no-referrer"
      />
    </div>
  );
}
