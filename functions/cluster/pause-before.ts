/** A reply that may be worth another attempt, and the circumstances. */
export interface Attempt {
  /** The HTTP status code. */
  readonly status: number;
  /** The `Retry-After` header: seconds, or a date (RFC 9110, 10.2.3). */
  readonly retryAfter: string | undefined;
  /** How often the question has been repeated already. */
  readonly repeats: number;
  /** Milliseconds until the deadline. */
  readonly left: number;
  /** From 0 to 1. It spreads the repeats of questions that were refused at the same time. */
  readonly random: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const mostRepeats = 1;
/** The pause in milliseconds where the server names none. */
const pause = 100;
/** The most that is added to any pause, at random. */
const jitter = 200;
/** The least time that a question takes: with less time left it is not repeated. */
const turnaround = 200;

const secondsOf = (retryAfter: string, now: number): number =>
  /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - now) / 1000 || 0;

/**
 * How many milliseconds to wait before the same question is asked again; undefined where it is not. Only a server that is busy or broken
 * (429, 5xx) is asked again, once, not before the time that it names, and only where its answer can still be in time. Asking twice does no
 * harm: a SubjectAccessReview changes nothing.
 */
export function pauseBefore({ status, retryAfter = "", repeats, left, random, now }: Attempt): number | undefined {
  if (repeats >= mostRepeats || !(status === 429 || status >= 500)) return undefined;
  const wait = Math.max(pause, 1000 * secondsOf(retryAfter, now)) + jitter * random;
  return wait + turnaround <= left ? wait : undefined;
}
