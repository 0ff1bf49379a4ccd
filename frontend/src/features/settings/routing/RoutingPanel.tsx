import { useState } from "react";
import { useText } from "../../../lib/i18n";
import { Tabs } from "../../../ui/Tabs";
import { PeoplePart } from "./PeoplePart";
import own from "./routing.module.css";
import { SkillsPart } from "./SkillsPart";
import { TeamsPart } from "./TeamsPart";

type Part = "teams" | "skills" | "people";

/** Who is given what, and when. */
export function RoutingPanel() {
  const t = useText();
  const [part, setPart] = useState<Part>("teams");
  return (
    <>
      <h2>{t("settings.distribuicao")}</h2>
      <p className={own.lead}>{t("roster.lead")}</p>
      <Tabs
        label={t("settings.distribuicao")}
        value={part}
        onChange={setPart}
        tabs={[
          { value: "teams", name: t("settings.equipes") },
          { value: "skills", name: t("roster.skills") },
          { value: "people", name: t("settings.pessoas") },
        ]}
      >
        <div className={own.part}>
          {part === "teams" ? <TeamsPart /> : part === "skills" ? <SkillsPart /> : <PeoplePart />}
        </div>
      </Tabs>
    </>
  );
}
