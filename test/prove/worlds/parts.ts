/** How many of a total fall to one part, so that all parts together make it up. */
export const share = (total: number, parts: number, index: number): number =>
  Math.floor((total * (index + 1)) / parts) - Math.floor((total * index) / parts);

/** What stands in the names of one world, and of no other. */
export const prefixOf = (letter: string, index: number): string => `${letter}${String(index).padStart(5, "0")}`;
