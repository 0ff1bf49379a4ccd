/** Types that a browser paints and does nothing else with. An SVG is not among them. */
const pictures = /^image\/(png|jpeg|gif|webp)$/;
export const isPicture = (mime: string) => pictures.test(mime.split(";")[0]!.trim().toLowerCase());

// Nothing is fetched from anywhere: the images that may be seen are in the document.
const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

// Light paper under any theme: its sender chose colours for that.
const paper = `:root{color-scheme:light;background:#fff}
body{margin:12px 14px;color:#1a1e22;font:15px/1.5 system-ui,"Segoe UI",sans-serif;overflow-wrap:anywhere}
img{max-width:100%;height:auto}
img:not([src]){box-sizing:border-box;min-width:24px;min-height:24px;padding:2px 6px;border:1px dashed #858d96;color:#4d555e;font-size:12px}
table{max-width:100%}a{color:#0f5c7a}pre{white-space:pre-wrap}blockquote{margin:0 0 0 8px;padding-left:10px;border-left:2px solid #c9ced3}`;

const links = /^(https?:|mailto:|tel:)/i;

/**
 * A mail as its sender laid it out, for the srcdoc of a frame without scripts.
 * `html` was made harmless by the server; `images` gives, by address (`cid:…` or
 * of the internet), what may be seen of its images as data: addresses. All others
 * stay blank: nothing in the document is ever fetched.
 */
export function mailDocument(html: string, images: ReadonlyMap<string, string>): string {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  for (const img of body.querySelectorAll("img")) {
    const wanted = imageAddress(img);
    const shown = wanted.startsWith("data:") ? wanted : images.get(wanted);
    if (shown) img.setAttribute("src", shown);
    else img.removeAttribute("src");
    img.removeAttribute("data-remote-src");
    img.removeAttribute("srcset");
  }
  for (const link of body.querySelectorAll("a[href]")) {
    if (!links.test(link.getAttribute("href")!)) link.removeAttribute("href");
    link.setAttribute("target", "_blank");
    link.setAttribute("rel", "noopener noreferrer nofollow");
  }
  return `<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><style>${paper}</style></head><body>${body.innerHTML}</body></html>`;
}

const imageAddress = (img: Element) => img.getAttribute("data-remote-src") ?? img.getAttribute("src") ?? "";

/** By which addresses the mail shows files of its own. */
export const ownImages = (html: string): string[] => [
  ...new Set(
    [...new DOMParser().parseFromString(html, "text/html").querySelectorAll("img")]
      .map(imageAddress)
      .filter((address) => address.startsWith("cid:")),
  ),
];

/** The Content-ID that a `cid:` address means (RFC 2392). */
export function contentID(address: string): string {
  const written = address.slice("cid:".length);
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
}

const blocks = "p,div,li,tr,h1,h2,h3,h4,h5,h6,blockquote,pre,hr,br,section,article,dt,dd";
const line = 23;
const letter = 7.2;

/**
 * About how high the mail is in a frame of this width, in pixels. The frame's
 * document is a stranger to ours, so it cannot be measured; what is higher scrolls.
 */
export function estimatedHeight(html: string, width: number): number {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  const perLine = Math.max(10, (width - 28) / letter);
  let height = 24;
  for (const img of body.querySelectorAll("img")) {
    const declared = Number.parseInt(img.getAttribute("height") ?? "", 10);
    height += Number.isFinite(declared) ? Math.min(declared, 600) : 48;
  }
  for (const block of [body, ...body.querySelectorAll(blocks)]) {
    const own = [...block.childNodes]
      .filter((node) => !(node instanceof Element && (node.matches(blocks) || node.querySelector(blocks))))
      .map((node) => node.textContent ?? "")
      .join("")
      .trim();
    const margin = /^(P|H\d|BLOCKQUOTE|PRE|HR)$/.test(block.tagName) ? 15 : 0;
    if (own !== "") height += Math.ceil(own.length / perLine) * line + margin;
    else if (block.tagName === "BR" || block.tagName === "HR") height += line / 2;
  }
  return Math.round(height);
}
