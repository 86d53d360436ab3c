/** The real one, also where a test replaces it. */
const { setTimeout } = globalThis;

/** Waits until a check holds, much longer than a busy machine needs. It fails with the check's own error. A test's clock stays where it is. */
export const eventually = async <T>(check: () => T | Promise<T>): Promise<T> => {
  for (let left = 2_000; ; left -= 1) {
    try {
      return await check();
    } catch (error) {
      if (left === 0) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
