import { describe, expect, test } from "vitest";
import { guess, readHead, renamed } from "./head";

const latin1 = (text: string) => new Blob([Uint8Array.from(text, (c) => c.charCodeAt(0))]);

describe("the start of a file of customers", () => {
  test.each([
    ["commas", new Blob(["Código,Nome\r\n1,Ana\r\n"])],
    ["semicolons and a mark", new Blob(["\ufeffCódigo;Nome\n1;Ana"])],
    ["Windows-1252", latin1("C\u00f3digo;Nome\r\n1;Ana\r\n")],
  ])("is read with %s", async (_, file) => {
    const head = await readHead(file);
    expect(head.columns.map((c) => c.replace("\ufeff", ""))).toEqual(["Código", "Nome"]);
    expect(head.rows).toEqual([["1", "Ana"]]);
    expect(guess(head.columns)).toEqual({ external_id: 0, name: 1 });
  });

  test("keeps what is quoted together and shows five lines", async () => {
    const file = new Blob(['id;nome\n1;"Silva; ""Aninha"""\n\n2;B\n3;C\n4;D\n5;E\n6;F\n']);
    const head = await readHead(file);
    expect(head.rows).toHaveLength(5);
    expect(head.rows[0]).toEqual(["1", 'Silva; "Aninha"']);
  });

  test("leaves out the line that was cut, not the letter", async () => {
    const file = new Blob(["id;nome\n", `1;${"á".repeat(40_000)}\n`]);
    expect((await readHead(file)).rows).toEqual([]);
  });

  test("of nothing is nothing", async () => {
    expect(await readHead(new Blob([""]))).toEqual({ columns: [], rows: [], delimiter: ",", body: 0 });
  });
});

test("a file under other names keeps its bytes", async () => {
  const file = latin1("Id;Cliente;Obs\r\n1;Jo\u00e3o;x\r\n");
  const head = await readHead(file);
  const sent = new Uint8Array(await renamed(file, head, { external_id: 0, name: 1 }).arrayBuffer());
  expect(String.fromCharCode(...sent)).toBe("external_id;name;-2\r\n1;Jo\u00e3o;x\r\n");
});
