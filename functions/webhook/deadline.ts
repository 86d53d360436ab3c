/** The part of the API server's timeout that is reserved for the way back. */
const wayBack = 1000;
/** The part of the function's own time that is reserved for writing the answer. */
const ending = 300;
/** The API server's default timeout of a webhook. */
const usual = 10_000;

/** `?timeout=`, a Go duration that the API server rounds up to whole seconds, in milliseconds. */
const timeoutOf = (text: string | undefined): number => {
  const [duration, minutes = "0", seconds = "0"] = /^(?=\d)(?:(\d{1,2})m)?(?:(\d{1,2})s)?$/.exec(text ?? "") ?? [];
  return duration === undefined ? usual : (Number(minutes) * 60 + Number(seconds)) * 1000;
};

/**
 * The deadline of the answer in milliseconds since the epoch: a second before the API server gives up, counted from when the gateway
 * received the request, and before the function is ended. A timeout of one second leaves half of it.
 */
export function deadlineOf(receivedAt: number, timeout: string | undefined, remaining: number): number {
  const given = timeoutOf(timeout);
  return Math.min(receivedAt + Math.max(given - wayBack, given / 2), Date.now() + remaining - ending);
}
