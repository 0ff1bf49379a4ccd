import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import styles from "./Splitter.module.css";

interface SplitterProps {
  label: string;
  /** Width in pixels of the pane this line belongs to. */
  value: number;
  min: number;
  max: number;
  /** Which side of the line that pane is on. */
  side: "before" | "after";
  onChange: (value: number) => void;
}

const step = 16;

/** The line between two panes: dragged, or moved with the arrows. */
export function Splitter({ label, value, min, max, side, onChange }: SplitterProps) {
  const drag = useRef<{ x: number; value: number } | null>(null);
  const direction = side === "before" ? 1 : -1;
  const move = (to: number) => onChange(Math.round(Math.min(max, Math.max(min, to))));

  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, value };
  };
  const onPointerMove = (event: PointerEvent) => {
    if (drag.current) move(drag.current.value + (event.clientX - drag.current.x) * direction);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const way = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (way === 0) return;
    event.preventDefault();
    move(value + way * step * direction);
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: an hr cannot be focused and dragged
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={value}
      aria-valuemin={min}
      aria-valuemax={max}
      tabIndex={0}
      className={styles.splitter}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={() => {
        drag.current = null;
      }}
      onKeyDown={onKeyDown}
    />
  );
}
