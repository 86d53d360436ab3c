import { readCaBundle } from "../../functions/cluster/ca-bundle.ts";

/** A problem of a caBundle. It is severe where calls of the webhook fail because of it. */
export interface CaBundleFlaw {
  readonly severe: boolean;
  readonly problem: string;
}

/** The problem of a caBundle, if it has one, and the day on which its last certificate expires. */
export interface CaBundleVerdict {
  readonly flaw: CaBundleFlaw | undefined;
  readonly until: string;
}

const day = 86_400_000;
const soon = 30 * day;

/**
 * Checks a webhook's `caBundle`: base64 of PEM. The API server stores any text there, and every call fails if it holds no certificate.
 *
 * @param now milliseconds since the epoch
 */
export function judgeCaBundle(caBundle: string, now: number): CaBundleVerdict {
  const { certificates, ignored } = readCaBundle(Buffer.from(caBundle, "base64").toString("utf8"));
  const [unread] = ignored.map((why) => `contains text that the API server ignores: ${why}`);
  if (certificates.length === 0)
    return { flaw: { severe: true, problem: unread ?? "contains no PEM certificate" }, until: "" };
  const spans = certificates.map(({ validFrom, validTo }) => ({
    from: Date.parse(validFrom),
    to: Date.parse(validTo),
  }));
  const last = Math.max(...spans.map(({ to }) => to));
  const until = new Date(last).toISOString().slice(0, 10);
  const days = Math.floor((last - now) / day);
  if (last < now) return { flaw: { severe: true, problem: `expired on ${until}` }, until };
  if (spans.every(({ from }) => from > now)) return { flaw: { severe: true, problem: "is not valid yet" }, until };
  if (last - now < soon) return { flaw: { severe: false, problem: `expires on ${until}, in ${days} days` }, until };
  return { flaw: unread === undefined ? undefined : { severe: false, problem: unread }, until };
}
