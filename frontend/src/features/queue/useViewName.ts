import { useQuery } from "@tanstack/react-query";
import { useText } from "../../lib/i18n";
import { isStock, type ListQuery } from "./view";
import { savedViewsQuery } from "./views";

/** What a view is called, whoever made it. */
export function useViewName(view: ListQuery["view"]): string {
  const t = useText();
  const saved = useQuery({ ...savedViewsQuery, enabled: !isStock(view) }).data;
  return isStock(view) ? t(`view.${view}`) : (saved?.find((s) => `${s.id}` === view)?.name ?? "");
}
