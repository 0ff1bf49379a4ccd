import { CircleAlert, Paperclip, RotateCw, X } from "lucide-react";
import { fileSize } from "../../lib/fileSize";
import { useText } from "../../lib/i18n";
import { IconButton } from "../../ui/Button";
import styles from "./AttachmentList.module.css";
import { type Attachment, detach, retry } from "./attachments";

/** The files of a draft: how far they are, what is wrong with them, and how to be rid of them. */
export function AttachmentList({ draft, files }: { draft: string; files: Attachment[] }) {
  const t = useText();
  return (
    <>
      {files.length > 0 && (
        <ul className={styles.files} aria-label={t("attach.list")}>
          {files.map((file) => (
            <Chip key={file.id} draft={draft} file={file} />
          ))}
        </ul>
      )}
      <p className="visually-hidden" aria-live="polite">
        {files.flatMap((file) =>
          file.problem
            ? `${file.name}: ${file.problem} `
            : file.upload
              ? `${t("attach.ready", { name: file.name })} `
              : [],
        )}
      </p>
    </>
  );
}

function Chip({ draft, file }: { draft: string; file: Attachment }) {
  const t = useText();
  const { id, name, problem } = file;
  const moving = !problem && !file.upload;
  return (
    <li className={`${styles.chip} ${problem ? styles.refused : ""}`}>
      {problem ? <CircleAlert aria-hidden /> : <Paperclip aria-hidden />}
      <span className={styles.name} title={name}>
        {name}
      </span>
      <span className={`${styles.aside} numeric`}>
        {problem ?? (moving ? t("attach.share", { n: Math.floor(file.sent * 100) }) : fileSize(t, file.size))}
      </span>
      {moving && (
        <progress className={styles.bar} value={file.sent} aria-label={t("attach.progress", { name })} />
      )}
      {problem && file.again && (
        <IconButton
          label={t("attach.again", { name })}
          icon={<RotateCw />}
          onClick={() => retry(draft, id)}
        />
      )}
      <IconButton
        label={t(moving ? "attach.cancel" : "attach.remove", { name })}
        icon={<X />}
        onClick={() => detach(draft, id)}
      />
    </li>
  );
}
