import { Circle, CircleDot, Clock3, Coffee, Phone, PhoneOff } from "lucide-react";
import type { State } from "../../api/here";

const icons: Record<State, typeof Circle> = {
  online: CircleDot,
  away: Clock3,
  call: Phone,
  after_call: PhoneOff,
  break: Coffee,
  offline: Circle,
};

/** Each state has a shape of its own: nobody has to tell colours apart. */
export function StateIcon({ state }: { state: State }) {
  const Icon = icons[state];
  return <Icon aria-hidden data-state={state} />;
}
