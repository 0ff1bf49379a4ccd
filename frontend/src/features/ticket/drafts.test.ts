import { beforeEach, expect, test } from "vitest";
import { clearSent, draftKey, readDraft, useDrafts, writeDraft } from "./drafts";

beforeEach(() => useDrafts.setState({ drafts: {} }));

const reply = draftKey(7, 3, "reply");
const note = draftKey(7, 3, "note");

test("reply and note never touch each other", () => {
  writeDraft(reply, "Ao cliente", 4);
  writeDraft(note, "Só nós", 4);
  writeDraft(note, "", 4);
  expect(readDraft(reply)?.text).toBe("Ao cliente");
  expect(readDraft(note)).toBeUndefined();
});

test("attack 101: drafts are of one account and one ticket", () => {
  writeDraft(reply, "texto", 1);
  expect(readDraft(draftKey(8, 3, "reply"))).toBeUndefined();
  expect(readDraft(draftKey(7, 4, "reply"))).toBeUndefined();
});

test("a draft outlives the page", () => {
  writeDraft(reply, "guardado", 2);
  const stored = JSON.parse(localStorage.getItem("escuta.drafts")!);
  expect(stored.state.drafts[reply].text).toBe("guardado");
});

test("what was sent is removed, but not what was written meanwhile", () => {
  writeDraft(reply, "enviado", 2);
  clearSent(reply, "enviado");
  expect(readDraft(reply)).toBeUndefined();
  writeDraft(reply, "enviado e mais", 2);
  clearSent(reply, "enviado");
  expect(readDraft(reply)?.text).toBe("enviado e mais");
});

test("very many drafts lose the oldest, never the newest", () => {
  for (let ticket = 0; ticket < 250; ticket++) writeDraft(draftKey(7, ticket, "reply"), "x", 1);
  expect(Object.keys(useDrafts.getState().drafts)).toHaveLength(200);
  expect(readDraft(draftKey(7, 249, "reply"))).toBeDefined();
});
