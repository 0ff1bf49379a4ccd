import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { api, isCode, newKey, once, unwrap } from "../../api/client";
import { keys } from "../../api/keys";
import type { Call, CallBack, CallChange } from "../../api/types";
import { type Sheet, writeSheet } from "./sheets";

const path = (id: number) => ({ path: { id: String(id) } });

/** My calls that have not ended. */
export const openCallsQuery = queryOptions({
  queryKey: keys.openCalls,
  queryFn: async ({ signal }) =>
    (await unwrap(api.GET("/api/calls", { params: { query: { mine: "true", open: "true" } }, signal })))
      .items,
  staleTime: 30_000,
});

const readCall = (id: number, signal?: AbortSignal) =>
  unwrap(api.GET("/api/calls/{id}", { params: path(id), signal }));

export const callQuery = (id: number) =>
  queryOptions({
    queryKey: keys.call(id),
    queryFn: ({ signal }) => readCall(id, signal),
    staleTime: 10_000,
  });

export const ringingQuery = (line: number, call: string) =>
  queryOptions({
    queryKey: keys.ringing(line, call),
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/calls/ringing", { params: { query: { line, call } }, signal })),
    retry: false,
  });

export const candidatesQuery = (said: string) =>
  queryOptions({
    queryKey: keys.candidates(said),
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/api/calls/candidates", { params: { query: { q: said } }, signal }))).items,
    enabled: said.length >= 3,
    staleTime: 10_000,
  });

export const linesQuery = queryOptions({
  queryKey: keys.lines,
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/lines", { signal }))).items,
  staleTime: 5 * 60_000,
});

/** What a call comes by when nobody has said which line, and none is set up. */
const anyLine = "0800";

/** Opens the call of a sheet; once, however often it is asked. */
export async function openCall(cache: QueryClient, sheet: Sheet): Promise<Call> {
  const lines = sheet.line ? [] : await cache.ensureQueryData(linesQuery).catch(() => []);
  const line = sheet.line ?? String(lines.find((l) => l.active)?.id ?? anyLine);
  const { call } = await unwrap(
    api.POST("/api/calls", {
      body: { line, caller: sheet.caller }, // the note follows: asked again, it must be the same
      headers: once(sheet.key),
    }),
  );
  keep(cache, call);
  writeSheet(sheet.key, { contact: call.id }); // before the list knows it: it is this note's, and no new one
  cache.setQueryData(openCallsQuery.queryKey, (known) => [
    call,
    ...(known ?? []).filter((c) => c.id !== call.id),
  ]);
  return sheet.about ? changeCall(cache, call.id, { about: sheet.about, direction: "out" }) : call;
}

const keep = (cache: QueryClient, call: Call) => {
  cache.setQueryData(keys.call(call.id), call);
  return call;
};

const turns = new Map<number, Promise<unknown>>();

/**
 * Changes a call after the changes that are on their way, each with the version
 * that the one before left. The note is ours alone, so whatever moved it
 * meanwhile (the exchange, another window) is taken over and the change repeated.
 */
export function changeCall(cache: QueryClient, id: number, change: CallChange): Promise<Call> {
  const send = async (version: number) =>
    keep(
      cache,
      await unwrap(api.PATCH("/api/calls/{id}", { params: path(id), body: { ...change, version } })),
    );
  const turn = (turns.get(id) ?? Promise.resolve())
    .catch(() => undefined)
    .then(async () => {
      const seen = cache.getQueryData<Call>(keys.call(id)) ?? (await readCall(id));
      try {
        return await send(seen.version);
      } catch (error) {
        if (!isCode(error, "version_conflict")) throw error;
        return send((await readCall(id)).version);
      }
    });
  turns.set(id, turn);
  return turn;
}

/** A second demand of the same call, with a protocol of its own. */
export const anotherTicket = (id: number, subject: string) =>
  unwrap(
    api.POST("/api/calls/{id}/tickets", { params: path(id), body: { subject }, headers: once(newKey()) }),
  );

export interface Kept {
  reference?: string;
  upload?: string;
  retain_until?: string;
}

export const keepRecording = (id: number, body: Kept) =>
  unwrap(api.PUT("/api/calls/{id}/recording", { params: path(id), body }));

export const callBacksQuery = (mine: boolean, state: CallBack["state"]) =>
  queryOptions({
    queryKey: keys.callBacks(mine, state),
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/api/callbacks", { params: { query: { mine, state } }, signal }))).items,
    refetchInterval: 60_000,
  });

export const tried = (id: number, result: CallBack["attempts"][number]["result"]) =>
  unwrap(
    api.POST("/api/callbacks/{id}/attempts", { params: path(id), body: { result }, headers: once(newKey()) }),
  );

export interface BackChange {
  cancel?: boolean;
  reason?: string;
  window?: { from: string; to: string };
  agent_id?: number;
}

export const changeCallBack = (id: number, body: BackChange) =>
  unwrap(api.PATCH("/api/callbacks/{id}", { params: path(id), body }));
