import { afterEach, expect, test, vi } from "vitest";
import { arrives } from "./arrives";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A server that answers from some try on. */
function server(awayFor: number) {
  vi.useFakeTimers();
  let asked = 0;
  vi.stubGlobal("fetch", async () => {
    if (asked++ < awayFor) throw new TypeError("Failed to fetch");
    return new Response("ok");
  });
}

test("a part is asked for until the server is back", async () => {
  server(5);
  const part = vi.fn().mockResolvedValue("part");
  for (let i = 0; i < 6; i++)
    part.mockRejectedValueOnce(new TypeError("Failed to fetch dynamically imported module"));
  const loading = arrives(part);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(await loading).toBe("part");
  expect(part).toHaveBeenCalledTimes(7);
});

test("what went with its release is an error", async () => {
  server(0);
  const part = vi.fn().mockRejectedValue(new TypeError("Failed to fetch dynamically imported module"));
  const loading = expect(arrives(part)).rejects.toThrow("dynamically imported");
  await vi.advanceTimersByTimeAsync(120_000);
  await loading;
  expect(part).toHaveBeenCalledTimes(3);
});

test("a stylesheet that did not come is put in by the next try", async () => {
  server(1);
  const href = "http://localhost/assets/part-1.css";
  const appended = vi.spyOn(document.head, "append").mockImplementation((link) => {
    const sheet = link as HTMLLinkElement;
    queueMicrotask(() =>
      appended.mock.calls.length > 1 ? sheet.onload?.(new Event("load")) : sheet.onerror?.call(window, ""),
    );
  });
  const part = vi
    .fn()
    .mockRejectedValueOnce(new Error(`Unable to preload CSS for ${href}`))
    .mockRejectedValueOnce(new TypeError("Failed to fetch dynamically imported module"))
    .mockResolvedValue("part");
  const loading = arrives(part);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await loading).toBe("part");
  expect(appended.mock.calls.map(([link]) => (link as HTMLLinkElement).href)).toEqual([href, href]);
});
