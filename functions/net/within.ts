/** Waits for a piece of work, but no longer than `milliseconds`. The result is not returned, and late work goes on. */
export async function within(milliseconds: number, work: Promise<unknown> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, milliseconds));
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
