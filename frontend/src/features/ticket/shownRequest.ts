/** The id of a request's place over the line of time. */
export const requestPlace = (request: string) => `pedido-${request}`;

/** Opens a request where it stands, and moves there. */
export function showRequest(request: string): void {
  const place = document.getElementById(requestPlace(request));
  if (!(place instanceof HTMLDetailsElement)) return;
  place.open = true;
  place.scrollIntoView({ block: "nearest" });
  place.querySelector("summary")?.focus();
}
