import { Paperclip } from "lucide-react";
import { fileSize } from "../lib/fileSize";
import { useText } from "../lib/i18n";
import styles from "./FileLinks.module.css";

interface FileLinksProps {
  files: readonly { name: string; size: number; url: string }[];
  /** What they are, where nothing around says it. */
  label?: string;
  className?: string;
}

/** Files to download, each with its size; nothing where there are none. */
export function FileLinks({ files, label, className = "" }: FileLinksProps) {
  const t = useText();
  if (files.length === 0) return null;
  return (
    <ul className={`${styles.files} ${className}`} aria-label={label}>
      {files.map((file) => (
        <li key={file.url}>
          <a href={file.url} download={file.name}>
            <Paperclip aria-hidden /> {file.name} <span>{fileSize(t, file.size)}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}
