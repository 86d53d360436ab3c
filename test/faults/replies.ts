import { type Asked, type Behaviour, replyOf, reviewedBody, type Wire } from "../support/faulty-peer.ts";

/** A whole reply. */
export const reply =
  (status: number, body: string, headers?: Readonly<Record<string, string>>): Behaviour =>
  (wire) =>
    wire.send(replyOf(status, body, headers));
/** The text of a `metav1.Status`. */
export const status = (message: string): string =>
  JSON.stringify({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message });
/** Answers as kube-apiserver does. */
export const reviewed =
  (status: unknown): Behaviour =>
  (wire, asked) =>
    wire.send(replyOf(201, reviewedBody(asked, status)));
export const yes = reviewed({ allowed: true, reason: "because" });
export const no = reviewed({ allowed: false });

/** Another behaviour for every request, the last one for all others. */
export const inOrder = (...behaviours: readonly Behaviour[]): Behaviour => {
  let count = 0;
  return (wire, asked) => behaviours[Math.min(count++, behaviours.length - 1)]?.(wire, asked);
};

/** One byte after the other, while the connection is open. */
export const drip = (wire: Wire, text: string, every = 50): void => {
  let at = 0;
  const timer = setInterval(() => {
    if (!wire.isOpen()) return clearInterval(timer);
    wire.send(text[at++] ?? " ");
  }, every);
};

/** The body of a yes. */
export const answered = (asked: Asked): string => reviewedBody(asked, { allowed: true });
