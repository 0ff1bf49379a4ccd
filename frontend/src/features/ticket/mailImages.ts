import { callHeaders } from "../../api/client";
import type { Message } from "../../api/types";
import { contentID, isPicture, ownImages } from "./mailFrame";

const largest = 5 * 2 ** 20;
const atOnce = 4;

/** The images that a mail brings along, by the address under which it shows them. */
export function fetchOwn(html: string, files: Message["files"]): Promise<Map<string, string>> {
  const urls = new Map<string, string>();
  for (const address of ownImages(html)) {
    const id = contentID(address);
    const file = files.find((f) => f.content_id === id && f.size <= largest && isPicture(f.mime));
    if (file) urls.set(address, file.url);
  }
  return fetchAll(urls);
}

/** The images that a mail would have had fetched from the internet, brought by our server. */
export const fetchRemote = (
  ticketId: number,
  messageId: number,
  addresses: readonly string[],
): Promise<Map<string, string>> =>
  fetchAll(
    new Map(
      addresses.map((src) => [
        src,
        `/api/tickets/${ticketId}/messages/${messageId}/image?src=${encodeURIComponent(src)}`,
      ]),
    ),
  );

/** What of these addresses is an image, as data: addresses; what cannot be had is left out. */
async function fetchAll(urls: Map<string, string>): Promise<Map<string, string>> {
  const images = new Map<string, string>();
  const line = [...urls];
  const work = async () => {
    for (let next = line.shift(); next; next = line.shift()) {
      const [address, url] = next;
      const image = await fetchImage(url).catch(() => undefined);
      if (image) images.set(address, image);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return images;
}

async function fetchImage(url: string): Promise<string | undefined> {
  const response = await fetch(url, { headers: callHeaders("GET") });
  const blob = await response.blob();
  if (!response.ok || !isPicture(blob.type) || blob.size > largest) return undefined;
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result));
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(blob);
  });
}
