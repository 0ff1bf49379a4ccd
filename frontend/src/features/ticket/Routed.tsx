import type { Happened, Person } from "../../api/types";
import { useText } from "../../lib/i18n";
import { describeRouted } from "./routed";

interface RoutedProps {
  event: Happened;
  people: readonly Person[];
  now: number;
}

/** A line of the timeline about a ticket that was given out. */
export default function Routed({ event, people, now }: RoutedProps) {
  return describeRouted(useText(), event, people, now);
}
