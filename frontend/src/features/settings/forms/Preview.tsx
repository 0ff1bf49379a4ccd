import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useState } from "react";
import { ApiError } from "../../../api/client";
import { useText } from "../../../lib/i18n";
import { Skeleton } from "../../../ui/states";
import { type Parts, previewForm } from "./api";
import own from "./forms.module.css";

interface Props {
  draft: Parts;
  /** What the server would refuse, told while one builds. */
  onRefused: (error: ApiError | undefined) => void;
}

/** The very page that customers get, made by the server; it sends nothing. */
export function Preview({ draft, onRefused }: Props) {
  const t = useText();
  const parts = useDeferredValue({ ...draft, sites: draft.sites.filter((site) => site.trim() !== "") });
  const page = useQuery({
    queryKey: ["forms", "preview", JSON.stringify(parts)],
    queryFn: async ({ signal }) => {
      await pause(250, signal);
      return previewForm(parts, signal);
    },
    placeholderData: keepPreviousData,
    retry: false,
    gcTime: 0,
  });
  const refused = page.error instanceof ApiError ? page.error : undefined;
  useEffect(() => onRefused(refused), [refused, onRefused]);
  // While something is wrong the last page that was right stays in sight.
  const [shown, setShown] = useState<string>();
  useEffect(() => {
    if (page.data !== undefined) setShown(page.data);
  }, [page.data]);
  return (
    <section className={own.preview} aria-label={t("forms.preview")}>
      <p className={own.previewing}>{refused ? refused.message : t("forms.preview")}</p>
      {shown ? <iframe title={t("forms.preview")} srcDoc={shown} /> : !refused && <Skeleton rows={8} />}
    </section>
  );
}

/** Waits for the typing to pause; a newer text ends the wait. */
const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
