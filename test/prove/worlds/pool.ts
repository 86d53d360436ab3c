/** Calls a function for every item, so many at a time, and hands the results back in the items' order. */
export const pooled = async <T, R>(
  items: readonly T[],
  act: (item: T, index: number) => Promise<R>,
  width = 12,
): Promise<readonly R[]> => {
  const results = new Array<R>(items.length);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) results[index] = await act(items[index] as T, index);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, work));
  return results;
};
