/** The name of a thrown error and the frames of its stack, without its message, which may quote an object or a credential. */
export function framesOf(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown ${typeof error}`;
  const head = String(error);
  return error.name + (error.stack?.startsWith(head) ? error.stack.slice(head.length) : "");
}
