import { connect } from "node:net";
import { inject } from "vitest";

/**
 * Hands a mail over as a mail server does, one command after the other. The data
 * are bytes, or text in UTF-8, with lines that end in CRLF; dots are doubled here.
 */
export async function send(
  from: string,
  data: string | Buffer,
  to = "sac@aroeira.example",
  at = inject("smtp"),
): Promise<void> {
  const [host, port] = at.split(":");
  const socket = connect(Number(port), host);
  const lines: string[] = [];
  let rest = "";
  let told = () => {};
  socket.on("data", (chunk) => {
    rest += chunk.toString();
    const all = rest.split("\r\n");
    rest = all.pop()!;
    lines.push(...all.filter((line) => /^\d{3} /.test(line)));
    told();
  });
  const answer = async (want: string) => {
    while (lines.length === 0)
      await new Promise<void>((done) => {
        told = done;
      });
    const line = lines.shift()!;
    if (!line.startsWith(want)) throw new Error(line);
  };
  const say = async (text: string | Buffer, want: string) => {
    socket.write(text);
    await answer(want);
  };
  const mail = Buffer.isBuffer(data) ? data : Buffer.from(data);
  const stuffed = Buffer.from(mail.toString("latin1").replace(/^\./gm, ".."), "latin1");
  await answer("220");
  await say("EHLO mx.cliente.example\r\n", "250");
  await say(`MAIL FROM:<${from}>\r\n`, "250");
  await say(`RCPT TO:<${to}>\r\n`, "250");
  await say("DATA\r\n", "354");
  await say(Buffer.concat([stuffed, Buffer.from("\r\n.\r\n")]), "250");
  await say("QUIT\r\n", "221");
  socket.end();
}
