const ruled = ["waiting_customer", "waiting_third", "complement", "answered"];

/** Whether a rule made a clock stand still, which goes on when the ticket does; any other pause is a person's. */
export const byRule = (reason: string): boolean => ruled.includes(reason);
