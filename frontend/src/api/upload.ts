import { text } from "../lib/i18n";
import { callHeaders, refusal, Unreachable } from "./client";
import type { Upload } from "./types";

/**
 * Brings a file to the server, where it waits for the reply it goes with.
 * `onProgress` is told the share that has left, 0 to 1. XMLHttpRequest, since
 * fetch tells nothing about what it has sent.
 */
export function upload(
  file: File,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<Upload> {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("POST", "/api/uploads");
    for (const [name, value] of Object.entries(callHeaders("POST"))) call.setRequestHeader(name, value);
    call.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    call.onload = () => {
      const answer = parse(call.responseText);
      if (call.status === 201) resolve(answer as Upload);
      else reject(refusal(call.status, answer));
    };
    call.onerror = () => reject(new Unreachable(text("error.unreachable")));
    call.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", () => call.abort(), { once: true });
    const form = new FormData();
    form.append("files", file);
    call.send(form);
  });
}

function parse(answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    return undefined;
  }
}
