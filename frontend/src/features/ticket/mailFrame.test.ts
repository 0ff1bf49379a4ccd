import { describe, expect, test } from "vitest";
import { contentID, estimatedHeight, isPicture, mailDocument, ownImages } from "./mailFrame";

const png = "data:image/png;base64,iVBORw0KGgo=";
const parsed = (html: string, images = new Map<string, string>()) =>
  new DOMParser().parseFromString(mailDocument(html, images), "text/html");

describe("the document of a mail's frame", () => {
  test("allows nothing to be fetched or run", () => {
    const policy = parsed("<p>Olá</p>").querySelector("meta[http-equiv]")!.getAttribute("content")!;
    expect(policy).toBe("default-src 'none'; img-src data:; style-src 'unsafe-inline'");
  });

  test("shows its own images and no others", () => {
    const shown = parsed(
      `<img src="cid:logo@a"><img src="cid:absent"><img data-remote-src="https://a.example/1.png" alt="Oferta"><img src="https://b.example/2.png"><img src="${png}">`,
      new Map([["cid:logo@a", png]]),
    );
    expect([...shown.images].map((i) => i.getAttribute("src"))).toEqual([png, null, null, null, png]);
    expect(shown.images[2]!.alt).toBe("Oferta");
    expect(shown.body.innerHTML).not.toContain("example");
  });

  test("shows an image of the internet once it was asked for", () => {
    const shown = parsed(
      `<img data-remote-src="https://a.example/1.png?x=1&amp;y=2">`,
      new Map([["https://a.example/1.png?x=1&y=2", png]]),
    );
    expect(shown.images[0]!.getAttribute("src")).toBe(png);
  });

  test("opens links elsewhere, and only those of the web, mail and telephone", () => {
    const shown = parsed(`<a href="https://a.example">a</a><a href="javascript:alert(1)">b</a>`);
    const [web, script] = [...shown.querySelectorAll("a")];
    expect(web!.target).toBe("_blank");
    expect(web!.rel).toContain("noopener");
    expect(web!.rel).toContain("noreferrer");
    expect(script!.hasAttribute("href")).toBe(false);
  });

  test("an end tag in a mail does not end the document's head", () => {
    const doc = parsed(`</style></head></body></html><p>depois</p>`);
    expect(doc.querySelectorAll("meta[http-equiv]")).toHaveLength(1);
    expect(doc.body.textContent).toContain("depois");
  });
});

test("the images that a mail brings along", () => {
  expect(
    ownImages(
      `<img src="cid:a"><img src="cid:a"><img src="cid:b%40c"><img data-remote-src="https://x.example">`,
    ),
  ).toEqual(["cid:a", "cid:b%40c"]);
  expect(contentID("cid:b%40c")).toBe("b@c");
  expect(contentID("cid:100%")).toBe("100%");
});

test("what may be painted", () => {
  expect(["image/png", "image/JPEG; q=1", "image/webp"].every(isPicture)).toBe(true);
  expect(["image/svg+xml", "text/html", ""].some(isPicture)).toBe(false);
});

test("a longer mail has a higher frame", () => {
  const short = estimatedHeight("<p>Olá</p>", 600);
  const long = estimatedHeight(`<div>${"<p>Uma linha de texto.</p>".repeat(20)}</div>`, 600);
  expect(short).toBeLessThan(100);
  expect(long).toBeGreaterThan(20 * 30);
  expect(estimatedHeight(`<p>${"palavra ".repeat(200)}</p>`, 300)).toBeGreaterThan(
    estimatedHeight(`<p>${"palavra ".repeat(200)}</p>`, 900),
  );
});
