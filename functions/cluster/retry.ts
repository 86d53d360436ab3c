/** What came back in place of an answer, and what could still be done about it. */
export interface Setback {
  /** The HTTP status code. */
  readonly status: number;
  /** The `Retry-After` header: seconds, or a date (RFC 9110, 10.2.3). */
  readonly retryAfter: string | undefined;
  /** How often the question was asked again already. */
  readonly repeats: number;
  /** Milliseconds until somebody must be told. */
  readonly left: number;
  /** From 0 to 1, so that those who were sent away together do not come back together. */
  readonly random: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const mostRepeats = 1;
/** Where the server names no time, in milliseconds. */
const pause = 100;
/** At most so much is added to any pause. */
const jitter = 200;
/** What the question itself takes, at the least: with less time left it is not worth asking again. */
const turnaround = 200;

const secondsOf = (retryAfter: string, now: number): number =>
  /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - now) / 1000 || 0;

/**
 * How many milliseconds to wait before the same question is asked again; undefined where it is not. Only a server that is busy or broken
 * (429, 5xx) is asked again, once, when it says so itself, and only where its answer can still be in time. Asking twice does no harm: a
 * SubjectAccessReview changes nothing.
 */
export function pauseBefore({ status, retryAfter = "", repeats, left, random, now }: Setback): number | undefined {
  if (repeats >= mostRepeats || !(status === 429 || status >= 500)) return undefined;
  const wait = Math.max(pause, 1000 * secondsOf(retryAfter, now)) + jitter * random;
  return wait + turnaround <= left ? wait : undefined;
}
