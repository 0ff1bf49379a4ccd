import type { QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { type Frame, isTicketFrame } from "../api/frames";
import { carry, tellCompany, tellMine, touch, useCompany } from "../api/here";
import { keys, refetchTickets } from "../api/keys";
import { tellLink } from "../api/link";
import { covers, type Position } from "../api/position";
import { forgetRows, tellRows } from "../api/rows";
import { meQuery } from "../api/session";
import { LiveSocket } from "../api/socket";
import { tellPhone } from "../features/call/sheets";
import { tellCounts } from "../features/queue/events";
import { tellTicket } from "../features/ticket/events";
import { now } from "../lib/clock";

const refetchPause = 1000;
const ofCalls = new Set<string>(["ticket.call", "ticket.call_back", "ticket.merged"]);

/** Keeps everything on screen true by the live stream, while somebody is logged in. */
export function useLive(cache: QueryClient): void {
  useEffect(() => {
    const url = `${location.origin.replace(/^http/, "ws")}/api/live`;
    const live = new Live(cache, () => carry((message) => socket.send(message)));
    const socket = new LiveSocket(url, {
      onFrames: (frames) => live.tell(frames),
      onState: (state) => tellLink(state, now()),
      // A session that ended says so to the next calls, which lead to the log-in. One that only
      // changed its rights is still there: what it sees is loaded anew and listened to again.
      onRefused: () => {
        refetchTickets(cache);
        cache.fetchQuery({ ...meQuery, staleTime: 0 }).then(
          () => socket.start(),
          () => undefined,
        );
      },
    });
    socket.start();
    addEventListener("pointerdown", touch);
    addEventListener("keydown", touch);
    return () => {
      removeEventListener("pointerdown", touch);
      removeEventListener("keydown", touch);
      carry(undefined);
      socket.stop();
      live.stop();
      forgetRows();
    };
  }, [cache]);
}

/** What the stream's frames do to what is known. One instance a connection's life. */
export class Live {
  #refetch: ReturnType<typeof setTimeout> | undefined;
  #refetchedAt = 0;
  #incidents: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly cache: QueryClient,
    private readonly onHello: () => void = () => undefined,
    private readonly random: () => number = Math.random,
  ) {}

  tell(frames: readonly Frame[]): void {
    const told: Parameters<typeof tellRows>[0] = [];
    for (const frame of frames) {
      switch (frame.kind) {
        case "hello":
          this.#catchUp(frame.id);
          this.onHello();
          this.#incidentsSoon();
          for (const queryKey of [keys.asked, keys.areas]) void this.cache.invalidateQueries({ queryKey });
          break;
        case "resync":
          told.length = 0; // what this frame told before it is of the lost history, too
          forgetRows();
          refetchTickets(this.cache);
          break;
        case "many":
          this.#refetchSoon();
          break;
        case "counts":
          tellCounts(this.cache, frame.counts, frame.id, frame.saved);
          break;
        case "gone":
          told.push({ gone: frame.ticket_id });
          tellTicket(this.cache, frame);
          break;
        case "incident":
          this.#incidentsSoon();
          break;
        case "areas":
          void this.cache.invalidateQueries({ queryKey: keys.areas });
          break;
        case "asked":
          void this.cache.invalidateQueries({ queryKey: keys.asked });
          break;
        case "presence":
          tellCompany(frame.ticket_id, frame.people);
          break;
        case "people":
          useCompany.setState({ people: frame.people, more: frame.more });
          break;
        case "state":
          tellMine(frame);
          break;
        case "phone":
          tellPhone(frame.line, frame.call);
          void this.cache.invalidateQueries({ queryKey: keys.calls });
          break;
        case "pong":
          break;
        default:
          if (isTicketFrame(frame)) {
            told.push({ row: frame.row });
            tellTicket(this.cache, frame);
            if (ofCalls.has(frame.kind)) void this.cache.invalidateQueries({ queryKey: keys.calls });
            if (frame.kind === "ticket.help") void this.cache.invalidateQueries({ queryKey: keys.help });
            if (frame.kind.startsWith("clock."))
              void this.cache.invalidateQueries({ queryKey: keys.breaches });
          }
      }
    }
    if (!tellRows(told)) this.#refetchSoon();
  }

  stop(): void {
    clearTimeout(this.#refetch);
    clearTimeout(this.#incidents);
  }

  /** What is told of an incident is a hint without content, and to everybody at once. */
  #incidentsSoon() {
    this.#incidents ??= setTimeout(() => {
      this.#incidents = undefined;
      void this.cache.invalidateQueries({ queryKey: keys.incidents });
    }, this.random() * refetchPause);
  }

  /** Lists that were read before the place where the stream begins may miss what came between. */
  #catchUp(start: Position) {
    for (const key of [keys.lists, keys.counts, keys.tickets, keys.timelines, keys.breaches]) {
      void this.cache.invalidateQueries({
        queryKey: key,
        predicate: (query) => {
          const versions = versionsOf(query.state.data);
          return versions.length > 0 && !versions.every((version) => covers(version, start));
        },
      });
    }
  }

  /** At most once a second, each desk at its own moment: a storm must not become a stampede. */
  #refetchSoon() {
    if (this.#refetch) return;
    const wait = Math.max(0, this.#refetchedAt + refetchPause - Date.now()) + this.random() * refetchPause;
    this.#refetch = setTimeout(() => {
      this.#refetch = undefined;
      this.#refetchedAt = Date.now();
      refetchTickets(this.cache);
    }, wait);
  }
}

/** The positions at which an answer was read: one, or one a page. */
function versionsOf(data: unknown): Position[] {
  if (typeof data !== "object" || data === null) return [];
  if ("version" in data && typeof data.version === "string") return [data.version];
  if ("pages" in data && Array.isArray(data.pages)) return data.pages.flatMap(versionsOf);
  return [];
}
