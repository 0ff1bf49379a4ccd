import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../../api/client";
import { keys } from "../../../api/keys";
import type { Mailbox, MailboxFields } from "../../../api/types";

export const mailboxesQuery = queryOptions({
  queryKey: keys.mailboxes,
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/mailboxes", { signal }))).items,
  // How the fetching fares changes by itself.
  refetchInterval: 15_000,
});

/** Makes a mailbox when there is no id, else changes it. */
export const saveMailbox = (id: number | undefined, body: MailboxFields): Promise<Mailbox> =>
  id === undefined
    ? unwrap(api.POST("/api/mailboxes", { body }))
    : unwrap(api.PATCH("/api/mailboxes/{id}", { params: { path: { id: String(id) } }, body }));

/** Logs in to the servers of what the form holds. Nothing is stored, no mail is sent. */
export const testMailbox = (id: number | undefined, mailbox: MailboxFields) =>
  unwrap(api.POST("/api/mailboxes/test", { body: { id: id ?? 0, mailbox } }));
