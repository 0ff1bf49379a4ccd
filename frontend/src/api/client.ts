import createClient, { type Middleware } from "openapi-fetch";
import { syncClock } from "../lib/clock";
import { currentLocale, text } from "../lib/i18n";
import type { paths } from "./schema";
import type { Problem } from "./types";

/** A failure the server explained. `code` is for us; `message` is already fit to show. */
export class ApiError extends Error {
  readonly name = "ApiError";
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.detail || problem.title);
  }

  get code(): string {
    return this.problem.code;
  }

  /** What is wrong with one field of what was sent, for the reader. */
  field(name: string): string | undefined {
    return this.problem.errors?.find((e) => e.field === name || e.field.endsWith(`.${name}`))?.detail;
  }
}

/** The server was not reached, so nobody knows whether it did the thing. */
export class Unreachable extends Error {
  readonly name = "Unreachable";
}

export const isCode = (error: unknown, code: string): error is ApiError =>
  error instanceof ApiError && error.code === code;

/** One intent, one key: repeating a POST with the same key does the thing once. */
export const once = (key: string) => ({ "Idempotency-Key": key });

/** Not randomUUID: that one is missing on plain http inside a company's network. */
export const newKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

let csrfToken = "";

/** What the log-in told. The cookie goes first: another tab may have logged in anew. */
export function keepCsrfToken(token: string): void {
  csrfToken = token;
}

/** What every call carries beside its content. */
export function callHeaders(method: string): Record<string, string> {
  const language = { "Accept-Language": currentLocale() };
  return method === "GET" ? language : { ...language, "X-CSRF-Token": cookie("csrf_token") || csrfToken };
}

const headers: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(callHeaders(request.method))) request.headers.set(name, value);
    if (request.method === "POST" && !request.headers.has("Idempotency-Key")) {
      request.headers.set("Idempotency-Key", newKey());
    }
  },
  onResponse({ response }) {
    syncClock(response.headers.get("Date"));
  },
  onError({ error, request }) {
    if (request.signal.aborted) return undefined;
    return new Unreachable(text("error.unreachable"), { cause: error });
  },
};

export const api = createClient<paths>({
  baseUrl: location.origin,
  fetch: (request) => globalThis.fetch(request), // looked up at each call, so that tests can stand in for the server
});
api.use(headers);

interface Reply<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Turns openapi-fetch's {data, error} into a value or a thrown ApiError. */
export async function unwrap<T>(call: Promise<Reply<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  throw refusal(response.status, error);
}

/** What the server answered instead of doing it, whether or not it is one of its problems. */
export const refusal = (status: number, answer: unknown) =>
  new ApiError(status, isProblem(answer) ? answer : unreadable(status));

const isProblem = (error: unknown): error is Problem =>
  typeof error === "object" && error !== null && "code" in error && typeof error.code === "string";

const unreadable = (status: number): Problem => ({
  type: "about:blank",
  title: "",
  status,
  code: "unreadable",
  detail: text("error.unreadable", { status }),
});

function cookie(name: string): string {
  const found = document.cookie.split("; ").find((c) => c.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}
