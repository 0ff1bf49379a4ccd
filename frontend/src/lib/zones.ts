/** The zones of Brazil, from east to west, and how their places are spelled. */
export const zones = {
  "America/Noronha": "Fernando de Noronha",
  "America/Belem": "Belém",
  "America/Fortaleza": "Fortaleza",
  "America/Recife": "Recife",
  "America/Bahia": "Bahia",
  "America/Sao_Paulo": "São Paulo",
  "America/Campo_Grande": "Campo Grande",
  "America/Cuiaba": "Cuiabá",
  "America/Porto_Velho": "Porto Velho",
  "America/Manaus": "Manaus",
  "America/Rio_Branco": "Rio Branco",
} as const;

/** A zone as people call it; one that is not ours by its own name. */
export const zoneName = (zone: string): string =>
  (zones as Record<string, string>)[zone] ?? zone.replace(/^.*\//, "").replaceAll("_", " ");

/** The zones to choose from, with the one that is chosen. */
export const zoneChoices = (chosen: string): { value: string; name: string }[] =>
  [...new Set([...Object.keys(zones), chosen])]
    .filter(Boolean)
    .map((value) => ({ value, name: zoneName(value) }));
