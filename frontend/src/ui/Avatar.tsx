import styles from "./Avatar.module.css";

const hues = [205, 158, 268, 22, 330, 95, 240, 45];

const initials = (name: string) => {
  const words = name.trim().split(/\s+/);
  const last = words.length > 1 ? words.at(-1) : "";
  return `${words[0]?.[0] ?? "?"}${last?.[0] ?? ""}`.toUpperCase();
};

/** A person of the company. The colour belongs to the person and is the same everywhere. With an empty label it only decorates a name beside it. */
export function Avatar({
  id,
  name,
  size = 20,
  label,
}: {
  id: number;
  name: string;
  size?: number;
  label?: string;
}) {
  const hue = hues[id % hues.length];
  return (
    <span
      className={styles.avatar}
      style={
        { "--hue": hue, width: size, height: size, fontSize: Math.round(size * 0.44) } as React.CSSProperties
      }
      {...(label === ""
        ? { "aria-hidden": true }
        : { role: "img", "aria-label": label ?? name, title: label ?? name })}
    >
      {initials(name)}
    </span>
  );
}
