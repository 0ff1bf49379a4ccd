import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { SavedCondition, SavedView } from "../../api/types";

const key = ["views"] as const;

/** The saved views that are for me, in the order of the rail. */
export const savedViewsQuery = queryOptions({
  queryKey: key,
  queryFn: async ({ signal }) =>
    (await unwrap(api.GET("/api/views", { signal }))).items.flatMap((view) =>
      view.saved ? [view.saved] : [],
    ),
  staleTime: 60_000,
});

export interface ViewFields {
  name: string;
  scope: SavedView["scope"];
  team_id?: number;
  sort: SavedView["sort"];
  pinned: boolean;
  rule: SavedCondition;
}

export const createView = (body: ViewFields): Promise<SavedView> => unwrap(api.POST("/api/views", { body }));

export const changeView = (view: SavedView, body: ViewFields): Promise<SavedView> =>
  unwrap(
    api.PATCH("/api/views/{id}", {
      params: { path: { id: String(view.id) } },
      body: { ...body, version: view.version },
    }),
  );

export const removeView = (view: SavedView) =>
  unwrap(api.DELETE("/api/views/{id}", { params: { path: { id: String(view.id) } } }));
