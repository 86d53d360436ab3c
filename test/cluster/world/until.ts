import { setTimeout as sleep } from "node:timers/promises";

/** Asks repeatedly until the answer is neither undefined nor false. Throws where the time runs out. */
export const until = async <T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  within = 60_000,
): Promise<T> => {
  const deadline = Date.now() + within;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await sleep(25);
  }
  throw new Error(`this did not happen within ${within} ms: ${what}`);
};
