import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeDesk } from "../../test/fakeDesk";
import { me, row } from "../../test/samples";
import { clearSent, draftKey, readDraft, useDrafts, writeDraft } from "./drafts";
import { disputeOf, reconcile, saveAll, settle } from "./savedDrafts";

const key = draftKey(me.id, 3, "reply");
let desk: FakeDesk;

beforeEach(() => {
  desk = new FakeDesk();
  desk.put(row({ id: 3 }));
  vi.stubGlobal("fetch", desk.fetch);
  useDrafts.setState({ drafts: {} });
});
afterEach(() => vi.unstubAllGlobals());

const stored = () => desk.draftsOf(3).map((d) => d.body);
const later = () => Date.now() + 1;

test("what is written is on the server, and what is emptied is not", async () => {
  writeDraft(key, "Bom dia", 1);
  expect(readDraft(key)?.unsaved).toBe(true);
  await saveAll(me.id);
  expect(stored()).toEqual(["Bom dia"]);
  expect(readDraft(key)).toMatchObject({ text: "Bom dia", unsaved: false });
  writeDraft(key, "", 1);
  await saveAll(me.id);
  expect(stored()).toEqual([]);
  expect(readDraft(key)).toBeUndefined();
});

test("a browser that has nothing takes the draft over", () => {
  const there = desk.saveDraft(3, "reply", { body: "De casa", seen: 2, revision: 0 });
  reconcile(me.id, 3, [there], later());
  expect(readDraft(key)).toMatchObject({ text: "De casa", seen: 2, unsaved: false });
});

test("what was sent from another machine is gone here, unless something was written since", async () => {
  writeDraft(key, "Enviado de lá", 1);
  await saveAll(me.id);
  desk.drafts.clear();
  reconcile(me.id, 3, [], later());
  expect(readDraft(key)).toBeUndefined();

  writeDraft(key, "Ainda meu", 1);
  reconcile(me.id, 3, [], later());
  expect(readDraft(key)?.text).toBe("Ainda meu");
});

test("an answer that is older than the writing changes nothing", async () => {
  const asked = Date.now() - 1000;
  writeDraft(key, "Mais novo", 1);
  await saveAll(me.id);
  reconcile(me.id, 3, [], asked);
  expect(readDraft(key)?.text).toBe("Mais novo");
});

test("two texts of one author: neither is lost, one is chosen", async () => {
  desk.saveDraft(3, "reply", { body: "Do celular", seen: 1, revision: 0 });
  writeDraft(key, "Do computador", 1);
  await saveAll(me.id);
  expect(stored()).toEqual(["Do celular"]);
  expect(readDraft(key)?.text).toBe("Do computador");
  expect(disputeOf(key)?.body).toBe("Do celular");
  settle(me.id, key, "mine");
  await saveAll(me.id);
  expect(stored()).toEqual(["Do computador"]);

  const rival = desk.saveDraft(3, "reply", { body: "Outro", seen: 1, revision: readDraft(key)?.revision });
  writeDraft(key, "Este", 1);
  await saveAll(me.id);
  settle(me.id, key, "theirs");
  expect(readDraft(key)).toMatchObject({ text: rival.body, revision: rival.revision, unsaved: false });
});

test("a text of our own whose answer was lost is no rival", async () => {
  const lost = desk.fetch;
  vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    await lost(input, init);
    throw new TypeError("connection reset");
  });
  writeDraft(key, "Bom", 1);
  await saveAll(me.id);
  vi.stubGlobal("fetch", lost);
  writeDraft(key, "Bom dia", 1);
  await saveAll(me.id);
  await saveAll(me.id);
  expect(disputeOf(key)).toBeUndefined();
  expect(stored()).toEqual(["Bom dia"]);
});

test("what goes on after sending is a new draft", async () => {
  writeDraft(key, "Enviado", 1);
  await saveAll(me.id);
  writeDraft(key, "Enviado e mais", 1);
  desk.drafts.clear();
  clearSent(key, "Enviado");
  await saveAll(me.id);
  expect(stored()).toEqual(["Enviado e mais"]);
});
