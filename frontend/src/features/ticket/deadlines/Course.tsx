import { Pause } from "lucide-react";
import type { CSSProperties } from "react";
import type { Clock } from "../../../api/types";
import { type TextId, useText } from "../../../lib/i18n";
import { dayAndTime } from "../../../lib/time";
import styles from "./Course.module.css";
import { courseOf, type Part } from "./course";
import { moodOf } from "./words";

const legends: Record<Part, TextId> = {
  counted: "clocks.part.counted",
  skipped: "clocks.part.skipped",
  paused: "clocks.part.paused",
  late: "clocks.part.late",
  free: "clocks.part.free",
  open: "clocks.part.open",
};

interface CourseProps {
  clock: Clock;
  now: number;
  /** With the instants of its ends and what its parts mean. */
  large?: boolean;
}

/** A deadline as a line from its start to its end: what counted, what did not, where we are. */
export function Course({ clock, now, large }: CourseProps) {
  const t = useText();
  const course = courseOf(clock, now);
  const whole = course.to - course.from || 1;
  const at = (instant: number) => `${(((instant - course.from) / whole) * 100).toFixed(2)}%`;
  const parts = [...new Set(course.stretches.map((s) => s.part))];
  const marks = [
    { id: "now", at: course.now, name: t("clocks.mark.now") },
    { id: "extended", at: course.extended, name: t("clocks.mark.extended") },
    { id: "other", at: course.other, name: t("clocks.mark.other") },
  ];
  return (
    <div className={large ? styles.large : styles.small} data-mood={moodOf(clock, now)} aria-hidden={!large}>
      <div className={styles.track} aria-hidden>
        {course.stretches.map((s) => (
          <span
            key={`${s.from} ${s.part}`}
            className={styles[s.part]}
            data-past={s.past || undefined}
            style={{ "--from": at(s.from), "--long": at(course.from + s.to - s.from) } as CSSProperties}
          >
            {large && s.part === "paused" && (s.to - s.from) / whole > 0.04 && <Pause />}
          </span>
        ))}
        {marks.map(
          (m) =>
            m.at !== undefined &&
            m.at >= course.from &&
            m.at <= course.to && (
              <i key={m.id} className={styles[m.id]} style={{ "--from": at(m.at) } as CSSProperties} />
            ),
        )}
      </div>
      {large && (
        <>
          <p className={styles.ends}>
            <span>{dayAndTime(course.from)}</span>
            <span>{clock.state === "paused" ? t("clocks.no_end") : dayAndTime(course.to)}</span>
          </p>
          <ul className={styles.legend}>
            {parts.map((part) => (
              <li key={part}>
                <i className={styles[part]} data-past aria-hidden /> {t(legends[part])}
              </li>
            ))}
            {marks.map(
              (m) =>
                m.at !== undefined && (
                  <li key={m.id}>
                    <i className={styles[m.id]} aria-hidden /> {m.name}: {dayAndTime(m.at)}
                  </li>
                ),
            )}
          </ul>
        </>
      )}
    </div>
  );
}
