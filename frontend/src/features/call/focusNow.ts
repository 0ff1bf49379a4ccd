/** A ref of what somebody has just asked for: they go on typing there. */
export const focusNow = (field: HTMLElement | null): void => field?.focus();
