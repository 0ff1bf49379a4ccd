import { api, unwrap } from "../../api/client";
import type { Bulk, BulkAction, BulkEffect } from "../../api/types";
import type { ListQuery } from "./view";

/** On which tickets: those chosen, or all that a list holds. */
export type Target =
  | { ids: number[] }
  | { matching: Pick<ListQuery, "view" | "team" | "assignee" | "channel" | "q"> };

export const previewBulk = (target: Target, action: BulkAction, signal: AbortSignal): Promise<BulkEffect> =>
  unwrap(api.POST("/api/bulk/preview", { body: { ...target, action }, signal }));

export const countBulk = (target: Target, signal: AbortSignal): Promise<BulkEffect> =>
  unwrap(api.POST("/api/bulk/preview", { body: target, signal }));

export const startBulk = (target: Target, action: BulkAction, changes: number): Promise<Bulk> =>
  unwrap(api.POST("/api/bulk", { body: { ...target, action, changes } }));

export const undoBulk = (id: number): Promise<Bulk> =>
  unwrap(api.POST("/api/bulk/{id}/undo", { params: { path: { id: String(id) } } }));

const readBulk = (id: number): Promise<Bulk> =>
  unwrap(api.GET("/api/bulk/{id}", { params: { path: { id: String(id) } } }));

const pause = 1000;

/** Follows a bulk until it has ended. */
export async function ended(bulk: Bulk, onProgress: (bulk: Bulk) => void): Promise<Bulk> {
  let now = bulk;
  while (!now.ended_at) {
    await new Promise((wake) => setTimeout(wake, pause));
    now = await readBulk(bulk.id);
    onProgress(now);
  }
  return now;
}
