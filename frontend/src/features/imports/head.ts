/** The start of a CSV file: enough to show it and to name its columns anew. */
export interface Head {
  columns: string[];
  rows: string[][];
  delimiter: string;
  /** Where the second line begins, in bytes. */
  body: number;
}

const looked = 64 * 1024;
const shown = 5;

/**
 * Reads the start of a file as spreadsheets in Brazil write it: UTF-8 with or
 * without a mark, or Windows-1252; comma or semicolon, whichever the first line
 * has more of, as the server decides too.
 */
export async function readHead(file: Blob): Promise<Head> {
  const bytes = new Uint8Array(await file.slice(0, looked).arrayBuffer());
  const text = decode(bytes);
  const end = bytes.indexOf(10);
  const first = text.split("\n", 1)[0] ?? "";
  const count = (c: string) => first.split(c).length - 1;
  const delimiter = count(";") > count(",") ? ";" : ",";
  const whole = bytes.length === file.size;
  const [columns = [], ...rows] = cut(text, delimiter, whole, shown + 1);
  return { columns, rows, delimiter, body: end < 0 ? file.size : end + 1 };
}

function decode(bytes: Uint8Array): string {
  try {
    // A letter that the end of what was read has cut is no fault: the stream would go on.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** The first lines, cut into cells (RFC 4180); a line that is not whole is left out. */
function cut(text: string, delimiter: string, whole: boolean, limit: number): string[][] {
  const lines: string[][] = [];
  let line: string[] = [];
  let cell = "";
  let quoted = false;
  const close = () => {
    line.push(cell.trim());
    if (line.length > 1 || line[0] !== "") lines.push(line);
    line = [];
    cell = "";
  };
  for (let i = 0; i < text.length && lines.length < limit; i++) {
    const c = text[i]!;
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') cell += text[++i];
      else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === delimiter) {
      line.push(cell.trim());
      cell = "";
    } else if (c === "\n") close();
    else if (c !== "\r") cell += c;
  }
  if (whole && lines.length < limit) close();
  return lines;
}

/** What a column of a file of customers can be; the first two must be there. */
export const customerFields = [
  "external_id",
  "name",
  "preferred_name",
  "email",
  "phone",
  "cpf",
  "cnpj",
  "contract",
  "products",
  "legal_priority",
  "verified",
] as const;
export type CustomerField = (typeof customerFields)[number];
export type Mapping = Partial<Record<CustomerField, number>>;

const spellings: Record<CustomerField, RegExp> = {
  external_id: /^(external_id|id|codigo|cod|codigo do cliente|id do cliente|matricula|registro)$/,
  name: /^(name|nome|nome completo|razao social|cliente)$/,
  preferred_name: /^(preferred_name|nome social|nome preferido|como quer ser chamad[oa]|apelido)$/,
  email: /^(e-?mail|correio eletronico)$/,
  phone: /^(phone|telefone|celular|fone|whatsapp|tel)$/,
  cpf: /^cpf$/,
  cnpj: /^cnpj$/,
  contract: /^(contract|contrato|numero do contrato)$/,
  products: /^(products|produtos?)$/,
  legal_priority: /^(legal_priority|prioridade|prioridade legal)$/,
  verified: /^(verified|verificad[oa]|confirmad[oa])$/,
};

/** Which column is probably what, by its name. */
export function guess(columns: readonly string[]): Mapping {
  const plain = columns.map((name) =>
    name
      .normalize("NFD")
      .replace(/\p{Mn}/gu, "")
      .replace(/^\ufeff/, "")
      .trim()
      .toLowerCase(),
  );
  const found: Mapping = {};
  for (const field of customerFields) {
    const at = plain.findIndex((name) => spellings[field].test(name));
    if (at >= 0) found[field] = at;
  }
  return found;
}

/** The same file under the names that the server reads; what is not mapped has a name it does not. */
export function renamed(file: Blob, head: Head, mapping: Mapping): Blob {
  const names = head.columns.map((_, at) => {
    const field = customerFields.find((name) => mapping[name] === at);
    return field ?? `-${at}`;
  });
  return new Blob([names.join(head.delimiter), "\r\n", file.slice(head.body)], { type: "text/csv" });
}
