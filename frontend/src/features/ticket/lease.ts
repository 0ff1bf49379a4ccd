import { create } from "zustand";
import type { Lease } from "../../api/types";

// The right to be the one who answers. Its fence lives only in memory: after a
// reload the same person claims again and has it back.
const useLeases = create<{ leases: ReadonlyMap<number, Lease> }>()(() => ({ leases: new Map() }));

export function keepLease(ticketId: number, lease: Lease | undefined): void {
  const leases = new Map(useLeases.getState().leases);
  if (lease) leases.set(ticketId, lease);
  else leases.delete(ticketId);
  useLeases.setState({ leases });
}

/** When another person takes the seat. */
export const forgetLeases = () => useLeases.setState({ leases: new Map() });

export const leaseOf = (ticketId: number) => useLeases.getState().leases.get(ticketId);

export const useLease = (ticketId: number) => useLeases((s) => s.leases.get(ticketId));
