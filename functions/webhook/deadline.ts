/** What stays of the API server's timeout for the way back. */
const wayBack = 1000;
/** What stays of the function's own time for writing the answer. */
const ending = 300;
/** What the API server gives a webhook that asks for nothing else. */
const usual = 10_000;

/** `?timeout=`, a Go duration that the API server rounds up to whole seconds, in milliseconds. */
const timeoutOf = (text: string | undefined): number => {
  const [duration, minutes = "0", seconds = "0"] = /^(?=\d)(?:(\d{1,2})m)?(?:(\d{1,2})s)?$/.exec(text ?? "") ?? [];
  return duration === undefined ? usual : (Number(minutes) * 60 + Number(seconds)) * 1000;
};

/**
 * When the answer must be there, in milliseconds since the epoch: a second before the API server gives up, which counts from when the
 * gateway got the request, and before the function is ended. A timeout of one second leaves half of it.
 */
export function deadlineOf(receivedAt: number, timeout: string | undefined, remaining: number): number {
  const given = timeoutOf(timeout);
  return Math.min(receivedAt + Math.max(given - wayBack, given / 2), Date.now() + remaining - ending);
}
