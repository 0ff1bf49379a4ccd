import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { teamsQuery } from "../../api/directory";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Skeleton } from "../../ui/states";
import { type Board as BoardData, type BoardFilter, boardQuery, complianceQuery } from "./api";
import pageStyles from "./BreachesPage.module.css";
import styles from "./board.module.css";
import { Compliance } from "./Compliance";
import { Figure } from "./Figure";
import { Shares } from "./Shares";
import { Strip } from "./Strip";

interface Props {
  filter: BoardFilter;
  onFilter: (filter: BoardFilter) => void;
  /** A figure more. */
  children: ReactNode;
}

/** The desk's deadlines in figures and pictures: now, the next four hours, whose they are, and how it went. */
export function Board({ filter, onFilter, children }: Props) {
  const t = useText();
  const board = useQuery(boardQuery(filter)).data;
  const days = useQuery(complianceQuery(filter)).data;
  const teams = useQuery(teamsQuery).data ?? [];
  if (!board) return <Skeleton rows={5} />;
  const due = board.quarters.reduce((sum, q) => sum + q.due, 0);
  const misses = board.quarters.reduce((sum, q) => sum + q.misses, 0);
  const teamName = (id: number) => teams.find((team) => team.id === id)?.name ?? t("board.team.other");
  return (
    <>
      <Chosen filter={filter} onFilter={onFilter} board={board} teamName={teamName} />
      <dl className={pageStyles.figures}>
        <Figure name={t("breaches.now")} value={board.breached} urgent={board.breached > 0} />
        <Figure name={t("breaches.soon")} value={board.hour} />
        <Figure name={t("board.ahead")} value={due} />
        <Figure
          name={t("board.misses")}
          value={misses}
          urgent={misses > 0}
          hint={t("board.pace", { n: Math.round(board.pace) })}
        />
        {children}
      </dl>
      <div className={styles.pictures}>
        <Strip quarters={board.quarters} />
        {days && <Compliance days={days} />}
      </div>
      <div className={styles.shares}>
        <Shares
          title={t("board.teams")}
          parts={board.teams.map((s) => ({ ...s, key: s.team_id, name: teamName(s.team_id) }))}
          chosen={filter.team}
          onChoose={(team) => onFilter({ ...filter, team })}
          of={(team) => `/fila?view=breached&team=${team}`}
        />
        <Shares
          title={t("board.channels")}
          parts={board.channels.map((s) => ({
            ...s,
            key: s.channel as BoardFilter["channel"] & string,
            name: t(`channel.${s.channel as BoardFilter["channel"] & string}`),
          }))}
          chosen={filter.channel}
          onChoose={(channel) => onFilter({ ...filter, channel })}
          of={(channel) => `/fila?view=breached&channel=${channel}`}
        />
        <Shares
          title={t("board.regimes")}
          parts={board.regimes.map((s) => ({
            ...s,
            key: s.regime_id,
            name: s.name || t("board.regime.none"),
          }))}
          chosen={filter.regime}
          onChoose={(regime) => onFilter({ ...filter, regime })}
        />
      </div>
    </>
  );
}

interface ChosenProps {
  filter: BoardFilter;
  onFilter: Props["onFilter"];
  board: BoardData;
  teamName: (id: number) => string;
}

/** What the board is narrowed to, each with the way back. */
function Chosen({ filter, onFilter, board, teamName }: ChosenProps) {
  const t = useText();
  const chosen = [
    filter.team !== undefined && {
      name: teamName(filter.team),
      off: () => onFilter({ ...filter, team: undefined }),
    },
    filter.channel && {
      name: t(`channel.${filter.channel}`),
      off: () => onFilter({ ...filter, channel: undefined }),
    },
    filter.regime !== undefined && {
      name: board.regimes.find((r) => r.regime_id === filter.regime)?.name ?? t("board.regime.chosen"),
      off: () => onFilter({ ...filter, regime: undefined }),
    },
  ].filter((c) => !!c);
  if (chosen.length === 0) return null;
  return (
    <p className={styles.chosen}>
      {t("board.only")}
      {chosen.map((c) => (
        <Button
          key={c.name}
          icon={<X aria-hidden />}
          aria-label={t("board.only.off", { name: c.name })}
          onClick={c.off}
        >
          {c.name}
        </Button>
      ))}
    </p>
  );
}
