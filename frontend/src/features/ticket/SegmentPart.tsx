import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { clocksQuery } from "../../api/clocks";
import { keys } from "../../api/keys";
import { segmentsQuery } from "../../api/rules";
import { may, useMe } from "../../api/session";
import type { Clock, Customer, TicketRow } from "../../api/types";
import { type Translate, useText } from "../../lib/i18n";
import { dayAndTime } from "../../lib/time";
import { clockName } from "../../ui/deadline/words";
import { SelectField } from "../../ui/Field";
import { toast, toastError } from "../../ui/toast";
import { refetchTicket } from "./api";
import styles from "./SegmentPart.module.css";

interface SegmentProps {
  row: TicketRow;
  customer: Customer;
}

/** Of what segment a customer is. Rules may ask for it: what it changes in this ticket's deadlines is told. */
export default function SegmentPart({ row, customer }: SegmentProps) {
  const t = useText();
  const me = useMe();
  const cache = useQueryClient();
  const segments = useQuery(segmentsQuery).data ?? [];
  const noting = useMutation({
    mutationFn: async (segment: string) => {
      const before = await cache.ensureQueryData(clocksQuery(row.id));
      await unwrap(
        api.PUT("/api/customers/{id}/segment", {
          params: { path: { id: String(customer.id) } },
          body: { segment },
        }),
      );
      return changes(t, before, await cache.fetchQuery({ ...clocksQuery(row.id), staleTime: 0 }));
    },
    onSuccess: (told, segment) => {
      const name = segments.find((s) => s.id === segment)?.name ?? t("rules.segment.none");
      toast([t("customer.segment.done", { name }), ...told].join(" "));
    },
    onError: toastError,
    onSettled: () => {
      refetchTicket(cache, row.id);
      void cache.invalidateQueries({ queryKey: keys.allClocks });
    },
  });
  if (segments.length === 0) return null;
  const value = noting.isPending ? noting.variables : customer.segment;
  return (
    <div className={styles.segment}>
      {may(me, "tickets.work") ? (
        <SelectField
          label={t("customer.segment")}
          value={value}
          options={[
            { value: "", name: t("rules.segment.none") },
            ...segments.map((s) => ({ value: s.id, name: s.name })),
          ]}
          onChange={(segment) => !noting.isPending && noting.mutate(segment)}
        />
      ) : (
        <p>
          {t("customer.segment")}: {segments.find((s) => s.id === value)?.name ?? t("rules.segment.none")}
        </p>
      )}
    </div>
  );
}

/** What became of a ticket's deadlines, a sentence each. */
function changes(t: Translate, before: readonly Clock[], after: readonly Clock[]): string[] {
  const told = after.flatMap((clock) => {
    const was = before.find((c) => c.id === clock.id);
    const values = { clock: clockName(t, clock.kind), to: dayAndTime(clock.due) };
    if (!was) return clock.state === "cancelled" ? [] : [t("customer.segment.begun", values)];
    if (was.state !== clock.state && clock.state === "cancelled")
      return [t("customer.segment.gone", { ...values, to: dayAndTime(was.due) })];
    if (was.due === clock.due) return [];
    return [t("customer.segment.moved", { ...values, from: dayAndTime(was.due) })];
  });
  return told.length > 0 ? told : [t("customer.segment.same")];
}
