import { readCaBundle } from "../../functions/cluster/ca-bundle.ts";

/** What is wrong with a caBundle, and how bad it is; undefined where it is sound. */
export interface Flaw {
  readonly grave: boolean;
  readonly problem: string;
}

/** The soundness of a caBundle, and in any case the day on which the last of its certificates ends. */
export interface BundleVerdict {
  readonly flaw: Flaw | undefined;
  readonly until: string;
}

const day = 86_400_000;
const soon = 30 * day;

/**
 * Looks at a webhook's `caBundle`: base64 of PEM. The API server stores anything there, and fails at every call where it is no certificate.
 *
 * @param now milliseconds since the epoch
 */
export function judgeCaBundle(caBundle: string, now: number): BundleVerdict {
  const { certificates, ignored } = readCaBundle(Buffer.from(caBundle, "base64").toString("utf8"));
  const [unread] = ignored.map((why) => `contains text that the API server ignores: ${why}`);
  if (certificates.length === 0)
    return { flaw: { grave: true, problem: unread ?? "contains no PEM certificate" }, until: "" };
  const spans = certificates.map(({ validFrom, validTo }) => ({
    from: Date.parse(validFrom),
    to: Date.parse(validTo),
  }));
  const last = Math.max(...spans.map(({ to }) => to));
  const until = new Date(last).toISOString().slice(0, 10);
  const days = Math.floor((last - now) / day);
  if (last < now) return { flaw: { grave: true, problem: `expired on ${until}` }, until };
  if (spans.every(({ from }) => from > now)) return { flaw: { grave: true, problem: "is not valid yet" }, until };
  if (last - now < soon) return { flaw: { grave: false, problem: `expires on ${until}, in ${days} days` }, until };
  return { flaw: unread === undefined ? undefined : { grave: false, problem: unread }, until };
}
