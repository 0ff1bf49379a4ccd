import { useEffect } from "react";
import { isCode } from "../../api/client";
import { renew } from "./api";
import { keepLease, useLease } from "./lease";

const renewEvery = 25_000;

/** Keeps the lease while its holder types; a pause of writing lets it expire in silence, and no text is lost by that. */
export function useRenewal(ticketId: number, typedAt: number, onLost: () => void): void {
  const fence = useLease(ticketId)?.fence;
  useEffect(() => {
    if (fence === undefined || typedAt === 0) return;
    const beat = setInterval(() => {
      if (Date.now() - typedAt > renewEvery * 2) return;
      renew(ticketId, fence).catch((error: unknown) => {
        if (!isCode(error, "lease_lost")) return; // an unreachable server is tried again at the next beat
        keepLease(ticketId, undefined);
        onLost();
      });
    }, renewEvery);
    return () => clearInterval(beat);
  }, [ticketId, fence, typedAt, onLost]);
}
