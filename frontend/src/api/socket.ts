import type { Frame } from "./frames";
import type { Position } from "./position";

export type LinkState = "connecting" | "live" | "lost";

interface Hooks {
  onFrames: (frames: Frame[]) => void;
  onState: (state: LinkState) => void;
  /** The server ended our right to listen (close code 4401). */
  onRefused: () => void;
}

/** After so much silence the server is asked, and after so much more it counts as gone. */
const pingEvery = 8_000;
const silenceAllowed = 16_000;
const firstDelay = 400;
const longestDelay = 20_000;
const refused = 4401;

/**
 * The one connection to the live stream. It remembers the last position heard
 * and resumes there, so a break costs time and never events. Delays grow with
 * full jitter: when a node restarts, a thousand desks must not come back in the
 * same second. A link that has gone silent (a sleeping laptop, a dead NAT entry)
 * is not an open one, whatever the browser says: it is closed and built again.
 */
export class LiveSocket {
  #socket: WebSocket | undefined;
  #position: Position | undefined;
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #heardAt = 0;
  #running = false;

  constructor(
    private readonly url: string,
    private readonly hooks: Hooks,
    private readonly random: () => number = Math.random,
  ) {}

  get position(): Position | undefined {
    return this.#position;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    addEventListener("online", this.#hurry);
    addEventListener("offline", this.#cut);
    this.#connect();
  }

  stop(): void {
    this.#running = false;
    removeEventListener("online", this.#hurry);
    removeEventListener("offline", this.#cut);
    clearTimeout(this.#retry);
    this.#drop();
  }

  /** Says something to the server, if it hears us now. */
  send(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #connect() {
    this.hooks.onState("connecting");
    const socket = new WebSocket(
      this.url + (this.#position ? `?since=${encodeURIComponent(this.#position)}` : ""),
    );
    this.#socket = socket;
    this.#heardAt = Date.now();
    this.#heartbeat = setInterval(() => this.#beat(), pingEvery / 4);
    socket.onmessage = (event) => this.#hear(String(event.data));
    socket.onclose = (event) => {
      if (socket !== this.#socket) return;
      this.#drop();
      if (event.code === refused) {
        this.#running = false;
        this.hooks.onRefused();
      }
      this.#later();
    };
  }

  #hear(data: string) {
    this.#heardAt = Date.now();
    this.#attempt = 0;
    const frames = JSON.parse(data) as Frame[];
    for (const frame of frames) {
      // After a resync the old place is worth nothing; the hello beside it names the new one.
      if (frame.kind === "resync") this.#position = frame.id;
      // Counters may run ahead of the events of the same frame, so they move no place.
      else if (frame.kind !== "counts" && "id" in frame && frame.id) this.#position = frame.id;
    }
    this.hooks.onState("live");
    this.hooks.onFrames(frames);
  }

  #beat() {
    const silence = Date.now() - this.#heardAt;
    if (silence > silenceAllowed) {
      this.#drop();
      this.#later();
    } else if (silence > pingEvery) {
      this.send({ type: "ping" });
    }
  }

  #drop() {
    clearInterval(this.#heartbeat);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) {
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
  }

  #later() {
    if (!this.#running) return;
    this.hooks.onState("lost");
    const ceiling = Math.min(longestDelay, firstDelay * 2 ** this.#attempt++);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), firstDelay / 4 + this.random() * ceiling);
  }

  /** The machine says that it has no network: no need to wait for the silence. */
  #cut = () => {
    this.#drop();
    this.#later();
  };

  #hurry = () => {
    if (!this.#running || this.#socket) return;
    clearTimeout(this.#retry);
    this.#connect();
  };
}
