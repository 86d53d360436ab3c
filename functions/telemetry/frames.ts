/** The name of what was thrown and the frames of its stack. Its message stays out: it may quote an object, or a credential. */
export function framesOf(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown ${typeof error}`;
  const head = String(error);
  return error.name + (error.stack?.startsWith(head) ? error.stack.slice(head.length) : "");
}
