import { queryOptions } from "@tanstack/react-query";
import { api, newKey, once, unwrap } from "../../../api/client";
import { keys } from "../../../api/keys";
import type { PhoneLine } from "../../../api/types";

export const linesQuery = queryOptions({
  queryKey: keys.lines,
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/lines", { signal }))).items,
});

export interface LineDraft {
  number: string;
  name: string;
  brand_id?: number;
  /** 0 is the default team. */
  team_id: number;
}

export const addLine = (body: LineDraft): Promise<PhoneLine> =>
  unwrap(api.POST("/api/lines", { body, headers: once(newKey()) }));

export const changeLine = (
  id: number,
  body: Partial<LineDraft> & { active?: boolean; new_secret?: boolean },
): Promise<PhoneLine> => unwrap(api.PATCH("/api/lines/{id}", { params: { path: { id: String(id) } }, body }));
