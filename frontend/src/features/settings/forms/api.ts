import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../../api/client";
import type { components } from "../../../api/schema";

type Schemas = components["schemas"];

export type Condition = Required<Schemas["FormCondition"]>;
/** One question, with everything about it said. */
export type FormField = Required<Omit<Schemas["FormField"], "show">> & { show: Condition | null };
/** What a version of a form holds. */
export interface Parts {
  name: string;
  intro: string;
  brand_id: number;
  team_id: number;
  kinds: string[];
  fields: FormField[];
  sites: string[];
}
/** What customers are asked under one address. */
export type Form = Omit<Schemas["Form"], keyof Parts> & Parts;

// The wire leaves out what is empty; the builder has it all.
const whole = (form: Schemas["Form"]) => form as Form;
const onWire = <T extends Partial<Parts>>({ fields, ...rest }: T) => ({
  ...rest,
  ...(fields && { fields: fields.map(({ show, ...field }) => ({ ...field, ...(show && { show }) })) }),
});

export const formsKey = ["forms"] as const;

export const formsQuery = queryOptions({
  queryKey: formsKey,
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/forms", { signal }))).items.map(whole),
});

export const brandsQuery = queryOptions({
  queryKey: ["brands"] as const,
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/brands", { signal }))).items,
  staleTime: 5 * 60_000,
});

export const createForm = async (slug: string, parts: Parts) =>
  whole(await unwrap(api.POST("/api/forms", { body: { slug, ...onWire(parts) } })));

export const saveForm = async (form: Form, change: Partial<Parts> & { active?: boolean }) =>
  whole(
    await unwrap(
      api.PATCH("/api/forms/{id}", {
        params: { path: { id: String(form.id) } },
        body: { version: form.version, ...onWire(change) },
      }),
    ),
  );

/** The page as customers would see it; a definition with faults is refused with their names. */
export const previewForm = async (parts: Parts, signal: AbortSignal): Promise<string> =>
  (
    await unwrap(
      api.POST("/api/forms/preview", {
        body: { ...onWire(parts), lang: "pt-BR" },
        signal,
      }),
    )
  ).html;
