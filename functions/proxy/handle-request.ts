import { type StatusObject, statusObject } from "../../lib/meta/status.ts";
import { type AdmitOptions, type Admitted, type Arrival, admit, type RequestFacts } from "./admit.ts";
import type { Ended } from "./forward.ts";
import type { RequestLog } from "./log-entries.ts";
import { refusalClassOf } from "./refusal-class.ts";

export interface HandleOptions extends AdmitOptions {
  readonly log: RequestLog;
}

/**
 * Takes one request through all its steps and logs one entry.
 *
 * @param refused answers with a refusal
 * @param go passes on a request that was let through
 */
export async function handleRequest(
  arrival: Arrival,
  { log, ...admitting }: HandleOptions,
  refused: (refusal: StatusObject) => Ended,
  go: (admitted: Admitted) => Promise<Ended>,
): Promise<void> {
  const started = performance.now();
  const time = new Date().toISOString();
  const record = (facts: RequestFacts, decision: "forwarded" | "refused", ended: Ended): void =>
    log({
      event: "request",
      time,
      ...facts,
      decision,
      ...ended,
      milliseconds: Math.round(10 * (performance.now() - started)) / 10,
    });
  let facts: RequestFacts = { peer: arrival.peer };
  try {
    const admission = await admit(arrival, admitting);
    facts = admission.facts;
    if ("refusal" in admission) {
      const { refusal, reason, refusalClass = refusalClassOf(refusal) } = admission;
      const ended = { ...refused(refusal), ...(reason !== undefined && { reason }), refusal: refusalClass };
      record(facts, "refused", ended);
    } else
      try {
        record(facts, "forwarded", await go(admission));
      } finally {
        admission.leave();
      }
  } catch (error) {
    const refusal = statusObject(500, "Internal error occurred: the proxy failed");
    const reason = `our own code failed: ${error instanceof Error ? error.name : typeof error}`;
    record(facts, "refused", { ...refused(refusal), reason, refusal: "fault" });
  }
}
