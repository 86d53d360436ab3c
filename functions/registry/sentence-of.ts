/** The sentence of a thrown error. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
