import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ChevronDown, Forward } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { keys } from "../../api/keys";
import { useMe } from "../../api/session";
import type { TicketRow } from "../../api/types";
import { arrives } from "../../lib/arrives";
import { useCommands } from "../../lib/commands";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Menu } from "../../ui/Menu";
import { item } from "../../ui/menu";
import { toast, toastError } from "../../ui/toast";
import { askHelp, myHelpQuery, withdrawHelp } from "./handOver";

const TransferDialog = lazy(() => arrives(() => import("./TransferDialog")));
const SkipDialog = lazy(() => arrives(() => import("./SkipDialog")));
const HelpDialog = lazy(() => arrives(() => import("./HelpDialog")));

/** What brings somebody else in: to give the ticket away, to pass it on, to call for help. */
export default function MoreActions({ row, holding }: { row: TicketRow; holding: boolean }) {
  const t = useText();
  const me = useMe();
  const cache = useQueryClient();
  const [asking, setAsking] = useState<"transfer" | "skip" | "help">();
  const asked = useQuery(myHelpQuery).data?.some((h) => h.ticket_id === row.id && h.account_id === me.id);
  const close = () => setAsking(undefined);
  const helped = () => void cache.invalidateQueries({ queryKey: keys.help });
  const help = useMutation({
    mutationFn: (word: string) => askHelp(row.id, word),
    onSuccess: () => toast(t("help.asked")),
    onSettled: helped,
    onError: toastError,
  });
  const withdraw = useMutation({
    mutationFn: () => withdrawHelp(row.id),
    onSettled: helped,
    onError: toastError,
  });
  const transfer = () => setAsking("transfer");
  const skip = holding && row.holder_id === me.id ? () => setAsking("skip") : undefined;
  const callHelp = asked ? () => withdraw.mutate() : () => setAsking("help");
  useCommands({ "ticket.transfer": transfer, "ticket.skip": skip, "ticket.help": callHelp });
  return (
    <>
      <Menu
        label={t("handover.menu")}
        trigger={
          <Button look="quiet" icon={<Forward aria-hidden />}>
            {t("handover.menu")}
            <ChevronDown aria-hidden />
          </Button>
        }
        entries={[
          item(t("transfer"), transfer, "ticket.transfer"),
          ...(skip ? [item(t("skip"), skip, "ticket.skip")] : []),
          item(t(asked ? "help.withdraw" : "help.ask"), callHelp, "ticket.help"),
        ]}
      />
      <Suspense>
        {asking === "transfer" && <TransferDialog row={row} onClose={close} />}
        {asking === "skip" && <SkipDialog row={row} onClose={close} />}
        {asking === "help" && <HelpDialog onClose={close} onAsk={(word) => help.mutate(word)} />}
      </Suspense>
    </>
  );
}
