import { useEffect } from "react";
import { api } from "../../api/client";
import type { TicketRow } from "../../api/types";

const glance = 700;

/** Says that a ticket is before somebody's eyes, so that what was new in it is not any more. */
export function useLook(row: TicketRow | undefined): void {
  const id = row?.id;
  const version = row?.version;
  useEffect(() => {
    if (id === undefined || version === undefined) return;
    const look = () => {
      if (document.visibilityState !== "visible") return;
      const params = { path: { ticket: String(id) } };
      void api.POST("/api/tickets/{ticket}/look", { params, body: { version } }).catch(() => undefined);
    };
    const soon = setTimeout(look, glance);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearTimeout(soon);
      document.removeEventListener("visibilitychange", look);
    };
  }, [id, version]);
}
