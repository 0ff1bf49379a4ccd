import { type RefObject, useEffect, useRef, useState } from "react";

/**
 * Takes files that are dropped on an element, and says while some are held over
 * it. A file that misses must not make the browser leave the desk for it.
 */
export function useFileDrop(
  target: RefObject<HTMLElement | null>,
  onFiles?: (files: File[]) => void,
): boolean {
  const [over, setOver] = useState(false);
  const latest = useRef(onFiles);
  latest.current = onFiles;

  useEffect(() => {
    const hits = (event: DragEvent) =>
      latest.current !== undefined &&
      event.target instanceof Node &&
      !!target.current?.contains(event.target);
    const onOver = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      const hit = hits(event);
      event.dataTransfer.dropEffect = hit ? "copy" : "none";
      setOver(hit);
    };
    const onLeave = (event: DragEvent) => event.relatedTarget === null && setOver(false);
    const onDrop = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(false);
      const files = filesOf(event.dataTransfer);
      if (hits(event) && files.length > 0) latest.current?.(files);
    };
    document.addEventListener("dragover", onOver);
    document.addEventListener("dragleave", onLeave);
    document.addEventListener("drop", onDrop);
    return () => {
      document.removeEventListener("dragover", onOver);
      document.removeEventListener("dragleave", onLeave);
      document.removeEventListener("drop", onDrop);
    };
  }, [target]);
  return over;
}

/** Without folders, which look like files and cannot be read. */
const filesOf = (data: DataTransfer) =>
  [...data.items]
    .filter((item) => item.kind === "file" && !item.webkitGetAsEntry?.()?.isDirectory)
    .flatMap((item) => item.getAsFile() ?? []);

/**
 * Pictures that are pasted. An office program puts a picture beside the text it
 * copies: there the text is meant.
 */
export const pastedFiles = (data: DataTransfer) => (data.types.includes("text/plain") ? [] : filesOf(data));
