import { HelpCalls } from "./HelpCalls";
import { MyState } from "./MyState";
import { Team } from "./Team";

/** The people in the rail: who calls for help, who is here, and how we are here ourselves. */
export default function CompanyRail({ onOpen }: { onOpen: (protocol: string) => void }) {
  return (
    <>
      <HelpCalls onOpen={onOpen} />
      <Team />
      <MyState />
    </>
  );
}
