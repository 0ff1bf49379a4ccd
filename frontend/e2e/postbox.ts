import { type AddressInfo, createServer, type Socket } from "node:net";

/** A server that takes every mail and sends none on. */
export interface Postbox {
  /** host:port */
  at: string;
  /** The text of the newest mail to this address, once there is one with these words in it. */
  newest: (to: string, words: string) => string | undefined;
  close: () => Promise<void>;
}

export async function openPostbox(): Promise<Postbox> {
  const mails: { to: string[]; text: string }[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket.on("close", () => open.delete(socket)).on("error", () => socket.destroy()));
    converse(socket, (to, data) => mails.push({ to, text: plainText(data) }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    at: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    newest: (to, words) => mails.findLast((m) => m.to.includes(to) && m.text.includes(words))?.text,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of open) socket.destroy();
      }),
  };
}

/** The server's part of RFC 5321, as far as it takes. */
function converse(socket: Socket, took: (to: string[], data: string) => void): void {
  let rest = "";
  let to: string[] = [];
  let data: string[] | undefined;
  const say = (line: string) => socket.write(`${line}\r\n`);
  const heed = (line: string) => {
    if (data) {
      if (line !== ".") return data.push(line.replace(/^\./, ""));
      took(to, data.join("\n"));
      [to, data] = [[], undefined];
      return say("250 taken");
    }
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === "RCPT") to.push(/<([^>]*)>/.exec(line)?.[1] ?? "");
    if (verb === "MAIL" || verb === "RSET") to = [];
    if (verb === "QUIT") return socket.end("221 bye\r\n");
    if (verb !== "DATA") return say("250 mx.area.example");
    data = [];
    return say("354 go on");
  };
  say("220 mx.area.example");
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines) heed(line);
  });
}

/** The text/plain part of a mail as we write them: in quoted-printable (RFC 2045). */
function plainText(mail: string): string {
  const part = mail.slice(mail.search(/^Content-Type: text\/plain/im));
  const body = part.slice(part.indexOf("\n\n") + 2).split(/^--/m)[0]!;
  const bytes = body
    .replace(/=\n/g, "")
    .replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString();
}
