export interface Parts {
  said: string;
  /** What is repeated from before, or a signature; empty when there is none. */
  folded: string;
}

// The line with which mail programs introduce what they quote.
const introduction =
  /^(em .{6,120} escreveu:|on .{6,120} wrote:|el .{6,120} escribió:|-{3,} ?(mensagem original|original message|mensaje original) ?-{3,}|de: .+<.+@.+>)$/i;
const signature = /^(-- |--|enviado do meu .{2,40}|sent from my .{2,40})$/i;

/**
 * Splits a message into what was said and what can be folded away: quoted lines
 * at the end, the line that introduces them, a signature. A quote in the middle,
 * answered below, stays where it is.
 */
export function splitQuoted(body: string): Parts {
  const lines = body.split("\n");
  const marked = lines.findIndex((line) => introduction.test(line.trim()) || signature.test(line));
  let cut = marked >= 0 ? marked : lines.length;
  while (cut > 0 && (lines[cut - 1]!.trim() === "" || lines[cut - 1]!.startsWith(">"))) cut--;
  const said = lines.slice(0, cut).join("\n").trimEnd();
  const folded = lines.slice(cut).join("\n").trim();
  return said === "" ? { said: body, folded: "" } : { said, folded };
}
