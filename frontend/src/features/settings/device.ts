const browsers: [RegExp, string][] = [
  [/Edg\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\//, "Firefox"],
  [/Chrome\//, "Chrome"],
  [/Safari\//, "Safari"],
];

const systems: [RegExp, string][] = [
  [/Windows/, "Windows"],
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Mac OS/, "macOS"],
  [/Linux|X11/, "Linux"],
];

const first = (table: [RegExp, string][], text: string) => table.find(([pattern]) => pattern.test(text))?.[1];

/** "Chrome · Windows" from a user agent; a program's own name when it is no browser. */
export function deviceName(userAgent: string): string {
  const browser = first(browsers, userAgent);
  if (!browser) return userAgent.split(/[\s/]/)[0] ?? "";
  return [browser, first(systems, userAgent)].filter(Boolean).join(" · ");
}
