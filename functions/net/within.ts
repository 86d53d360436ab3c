/** Waits for a piece of work, but for so many milliseconds at most. What the work comes to is not said, and it goes on. */
export async function within(milliseconds: number, work: Promise<unknown> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, milliseconds));
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
