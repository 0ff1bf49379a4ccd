import { create } from "zustand";
import { persist } from "zustand/middleware";
import { ApiError, newKey } from "../../api/client";
import { upload } from "../../api/upload";
import { text } from "../../lib/i18n";

/** A file that goes with a draft: on its way, there (`upload`), or not taken (`problem`). */
export interface Attachment {
  id: string;
  name: string;
  size: number;
  at: number;
  /** The share that has left, 0 to 1. */
  sent: number;
  /** Id under which the server keeps it for the reply. */
  upload?: string;
  /** Why it is not there, for the reader. */
  problem?: string;
  /** Whether trying again may help. */
  again?: boolean;
}

/** The server takes no request that is larger, whatever an installation allows. */
const largest = 25 * 2 ** 20;
export const mostFiles = 10;
/** The server keeps what was not sent for 20 hours. */
const life = 19 * 3_600_000;

interface Attachments {
  files: Record<string, Attachment[]>;
}

const fresh = (files: Attachments["files"], now: number) =>
  Object.fromEntries(
    Object.entries(files)
      .map(([key, list]) => [key, list.filter((a) => a.upload && now - a.at < life)] as const)
      .filter(([, list]) => list.length > 0),
  );

// Under the key of the draft they go with, so they stay with their ticket and
// account. What has arrived outlives the page; what was on its way does not.
export const useAttachments = create<Attachments>()(
  persist((): Attachments => ({ files: {} }), {
    name: "escuta.attachments",
    version: 1,
    partialize: (s) => ({ files: fresh(s.files, Date.now()) }),
    merge: (stored, now) => ({
      ...now,
      files: fresh((stored as Attachments | undefined)?.files ?? {}, Date.now()),
    }),
  }),
);

/** What is still needed of a file that has not arrived. */
const sources = new Map<string, { file: File; abort: AbortController }>();

// One after the other: a browser opens few connections to a server, and the desk needs them.
let line: Promise<void> = Promise.resolve();

function setList(key: string, change: (list: Attachment[]) => Attachment[]): void {
  const { [key]: list = [], ...others } = useAttachments.getState().files;
  const next = change(list);
  useAttachments.setState({ files: next.length > 0 ? { ...others, [key]: next } : others });
}

const setOne = (key: string, id: string, values: Partial<Attachment>) =>
  setList(key, (list) => list.map((a) => (a.id === id ? { ...a, ...values } : a)));

/** Adds files to a draft and brings them to the server. Each is refused for itself. */
export function attach(key: string, files: readonly File[]): void {
  for (const file of files) {
    const id = newKey();
    const count = useAttachments.getState().files[key]?.filter((a) => !a.problem).length ?? 0;
    const problem =
      file.size > largest
        ? text("attach.too_large", { limit: largest / 2 ** 20 })
        : count >= mostFiles
          ? text("attach.too_many", { n: mostFiles })
          : undefined;
    setList(key, (list) => [
      ...list,
      { id, name: file.name, size: file.size, at: Date.now(), sent: 0, problem },
    ]);
    if (!problem) bring(key, id, file);
  }
}

export function retry(key: string, id: string): void {
  const source = sources.get(id);
  if (!source) return;
  setOne(key, id, { problem: undefined, again: undefined, sent: 0 });
  bring(key, id, source.file);
}

/** Takes a file off a draft, also while it is on its way. */
export function detach(key: string, id: string): void {
  setList(key, (list) => list.filter((a) => a.id !== id));
  sources.get(id)?.abort.abort();
  sources.delete(id);
}

/** Removes what went with a reply. */
export const clearAttached = (key: string, uploads: readonly string[]) =>
  setList(key, (list) => list.filter((a) => !a.upload || !uploads.includes(a.upload)));

/** The server no longer has them: they stay in sight, to be chosen again. */
export const expire = (key: string) =>
  setList(key, (list) =>
    list.map((a) => (a.upload ? { ...a, upload: undefined, problem: text("attach.expired") } : a)),
  );

function bring(key: string, id: string, file: File): void {
  const abort = new AbortController();
  sources.set(id, { file, abort });
  line = line.then(async () => {
    if (abort.signal.aborted) return;
    try {
      const found = await upload(file, (sent) => setOne(key, id, { sent }), abort.signal);
      setOne(key, id, { upload: found.id, name: found.name, size: found.size, sent: 1 });
      sources.delete(id);
    } catch (error) {
      if (abort.signal.aborted) return;
      const refused = error instanceof ApiError ? error : undefined;
      // About the content of this very file: it will be refused again.
      const final = refused?.status === 413 || refused?.status === 422;
      if (final) sources.delete(id);
      setOne(key, id, { problem: reason(error), again: !final });
    }
  });
}

const reason = (error: unknown) =>
  (error instanceof ApiError && error.problem.errors?.[0]?.detail) ||
  (error instanceof Error && error.message) ||
  text("error.unknown");
