/**
 * A header as it was received: its name, in any case, and its value. Requests are lists of lines, because repeats and their order decide
 * who a user is.
 */
export type HeaderLine = readonly [name: string, value: string];
