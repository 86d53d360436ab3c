import { setTimeout as sleep } from "node:timers/promises";

/** Asks again and again until the answer is something; throws where it never is. */
export const until = async <T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  within = 20_000,
): Promise<T> => {
  const deadline = Date.now() + within;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await sleep(25);
  }
  throw new Error(`not within ${within} ms: ${what}`);
};
