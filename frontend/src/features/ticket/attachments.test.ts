import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError, Unreachable } from "../../api/client";
import { upload } from "../../api/upload";
import {
  type Attachment,
  attach,
  clearAttached,
  detach,
  expire,
  mostFiles,
  retry,
  useAttachments,
} from "./attachments";
import { draftKey } from "./drafts";

vi.mock("../../api/upload", () => ({ upload: vi.fn() }));
const sending = vi.mocked(upload);

const key = draftKey(7, 3, "reply");
const other = draftKey(7, 4, "reply");
const list = (of = key): Attachment[] => useAttachments.getState().files[of] ?? [];
const file = (name: string) => new File(["texto"], name);
const arrived = (f: File) => Promise.resolve({ id: `id-${f.name}`, name: f.name, size: f.size, mime: "" });

beforeEach(() => {
  useAttachments.setState({ files: {} });
  sending.mockImplementation(arrived);
});
afterEach(() => sending.mockReset());

test("attack 101: files stay with the draft of their ticket", async () => {
  attach(key, [file("a.txt"), file("b.txt")]);
  await vi.waitFor(() => expect(list().map((f) => f.upload)).toEqual(["id-a.txt", "id-b.txt"]));
  expect(list(other)).toEqual([]);
});

test("they go one after the other", async () => {
  let first = () => {};
  sending.mockImplementationOnce(
    (f) =>
      new Promise((done) => {
        first = () => done({ id: "1", name: f.name, size: 1, mime: "" });
      }),
  );
  attach(key, [file("a.txt"), file("b.txt")]);
  await vi.waitFor(() => expect(sending).toHaveBeenCalledTimes(1));
  first();
  await vi.waitFor(() => expect(sending).toHaveBeenCalledTimes(2));
});

test("what is taken off while it goes is stopped, and the next one goes", async () => {
  let signal: AbortSignal | undefined;
  sending.mockImplementationOnce(
    (_f, _p, given) =>
      new Promise((_, fail) => {
        signal = given;
        given.addEventListener("abort", () => fail(given.reason));
      }),
  );
  attach(key, [file("a.txt"), file("b.txt")]);
  await vi.waitFor(() => expect(signal).toBeDefined());
  detach(key, list()[0]!.id);
  expect(signal!.aborted).toBe(true);
  await vi.waitFor(() => expect(list().map((f) => f.upload)).toEqual(["id-b.txt"]));
});

test("a server that is away is asked again on request", async () => {
  sending.mockRejectedValueOnce(new Unreachable("Sem contato."));
  attach(key, [file("a.txt")]);
  await vi.waitFor(() => expect(list()[0]).toMatchObject({ problem: "Sem contato.", again: true }));
  retry(key, list()[0]!.id);
  await vi.waitFor(() => expect(list()[0]?.upload).toBe("id-a.txt"));
  expect(list()[0]?.problem).toBeUndefined();
});

test("a file that the server refuses for what it is can't be tried again", async () => {
  const problem = {
    type: "",
    title: "",
    status: 422,
    detail: "",
    code: "files_refused",
    errors: [{ field: "body.files[0]", code: "file_forged", detail: "Outro tipo." }],
  };
  sending.mockRejectedValueOnce(new ApiError(422, problem));
  attach(key, [file("a.png")]);
  await vi.waitFor(() => expect(list()[0]).toMatchObject({ problem: "Outro tipo.", again: false }));
});

test("too large and too many are refused here, each for itself", async () => {
  const large = file("grande.zip");
  Object.defineProperty(large, "size", { value: 26 * 2 ** 20 });
  attach(key, [large, ...Array.from({ length: mostFiles + 1 }, (_, n) => file(`${n}.txt`))]);
  await vi.waitFor(() => expect(list().filter((f) => f.upload)).toHaveLength(mostFiles));
  expect(list().flatMap((f) => (f.problem ? f.name : []))).toEqual(["grande.zip", `${mostFiles}.txt`]);
});

test("what arrived outlives the page; sent and expired files do not go again", async () => {
  attach(key, [file("a.txt"), file("b.txt")]);
  await vi.waitFor(() => expect(list().every((f) => f.upload)).toBe(true));
  const stored = JSON.parse(localStorage.getItem("escuta.attachments")!);
  expect(stored.state.files[key]).toHaveLength(2);
  clearAttached(key, ["id-a.txt"]);
  expire(key);
  expect(list()).toMatchObject([{ name: "b.txt", upload: undefined, problem: expect.any(String) }]);
});
