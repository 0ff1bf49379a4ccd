import { useState } from "react";
import { useText } from "../../../lib/i18n";
import { Tabs } from "../../../ui/Tabs";
import { PeoplePart } from "./PeoplePart";
import own from "./routing.module.css";
import { SkillsPart } from "./SkillsPart";
import { SkipsPart } from "./SkipsPart";
import { TeamsPart } from "./TeamsPart";

type Part = "teams" | "skills" | "people" | "skips";

const parts = {
  teams: <TeamsPart />,
  skills: <SkillsPart />,
  people: <PeoplePart />,
  skips: <SkipsPart />,
};

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
          { value: "skips", name: t("roster.skips") },
        ]}
      >
        <div className={own.part}>{parts[part]}</div>
      </Tabs>
    </>
  );
}
