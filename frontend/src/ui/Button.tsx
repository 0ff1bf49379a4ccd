import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import type { CommandId } from "../lib/commands";
import styles from "./Button.module.css";
import { Kbd } from "./Kbd";
import { tip } from "./Tooltip";

type Native = ButtonHTMLAttributes<HTMLButtonElement>;

interface ButtonProps extends Native {
  ref?: Ref<HTMLButtonElement>;
  /** Primary is the one coloured action of a screen. */
  look?: "primary" | "plain" | "quiet";
  icon?: ReactNode;
  command?: CommandId;
  busy?: boolean;
}

/** Keeps its focus and its place while busy: it says so and ignores further presses. */
export function Button({
  look = "plain",
  icon,
  command,
  busy,
  children,
  onClick,
  className,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={[styles.button, styles[look], className].filter(Boolean).join(" ")}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
    >
      {icon}
      {children}
      {command && <Kbd command={command} />}
    </button>
  );
}

interface IconButtonProps extends Omit<Native, "children"> {
  ref?: Ref<HTMLButtonElement>;
  label: string;
  icon: ReactNode;
  command?: CommandId;
}

/** A button that shows only a picture: its name is a tooltip and what a screen reader says. */
export function IconButton({ label, icon, command, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      {...tip(label, command)}
      aria-label={label}
      className={[styles.icon, className].filter(Boolean).join(" ")}
    >
      {icon}
    </button>
  );
}
