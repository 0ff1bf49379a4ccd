const shortest = 1_000;
const longest = 15_000;

/**
 * Loads a part of the desk, however long the server is away just then: an error
 * would take the rest of the screen with it. When the server answers and the part
 * still does not come, it is gone with its release, and a reload mends that.
 */
export async function arrives<T>(part: () => Promise<T>): Promise<T> {
  const sheets = new Set<string>();
  for (let wait = shortest, refused = 0; ; wait = Math.min(2 * wait, longest)) {
    try {
      return await part();
    } catch (error) {
      if (refused > 1) throw error;
      const sheet = /preload CSS for (\S+)/.exec(String(error))?.[1];
      if (sheet) sheets.add(sheet);
      await new Promise((resolve) => setTimeout(resolve, wait));
      if (await serverAnswers()) refused++;
      // The bundler asks for a stylesheet once and then takes it for there.
      for (const href of sheets) if (await styled(href)) sheets.delete(href);
    }
  }
}

const serverAnswers = () =>
  fetch("/healthz", { cache: "no-store" }).then(
    (answer) => answer.ok,
    () => false,
  );

const styled = (href: string) =>
  new Promise<boolean>((resolve) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = href;
    link.onload = () => resolve(true);
    link.onerror = () => {
      link.remove();
      resolve(false);
    };
    document.head.append(link);
  });
