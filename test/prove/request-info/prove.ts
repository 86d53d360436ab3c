import { readRequestInfo } from "../../../lib/proxy/index.ts";
import type { AuditEvent } from "../../cluster/harness/audit-log.ts";
import { until } from "../../cluster/world/until.ts";
import { pooled } from "../worlds/pool.ts";
import { randomOf } from "../worlds/random.ts";
import { type Agreement, agreements, checkRequestInfo } from "./check.ts";
import type { RequestInfoGround } from "./ground.ts";
import { type RequestLine, requestLineOf } from "./targets.ts";

/** What a run found. */
export interface RequestInfoFigures {
  readonly version: string;
  readonly seed: number;
  readonly seconds: number;
  readonly asked: number;
  readonly agreed: Readonly<Record<Agreement, number>>;
  /** Of those, with the authorizer's question compared too. */
  readonly questions: number;
  readonly disagreed: number;
}

/** A request line that is read in two ways. */
export interface MisreadRequest {
  /** Its number in the run: the same seed makes the same request line of it. */
  readonly index: number;
  readonly asked: RequestLine;
  readonly disagreement: string;
}

export interface RequestInfoOptions {
  readonly ground: RequestInfoGround;
  readonly seed: number;
  readonly requests: number;
  readonly progress?: (done: number, disagreed: number) => void;
  /** Another reader than ours, to see that it is found out. */
  readonly read?: typeof readRequestInfo;
}

const batch = 500;
/** So many are shown. */
const most = 10;
let runs = 0;

/** Sends random request lines to an API server, and compares its audit events and its authorizer's questions with what the library reads. */
export const proveRequestInfo = async ({
  ground,
  seed,
  requests,
  progress,
  read = readRequestInfo,
}: RequestInfoOptions): Promise<{
  readonly figures: RequestInfoFigures;
  readonly counterexamples: readonly MisreadRequest[];
}> => {
  const since = Date.now();
  const run = runs++;
  const agreed = Object.fromEntries(agreements.map((agreement) => [agreement, 0])) as Record<Agreement, number>;
  const counterexamples: MisreadRequest[] = [];
  let [questions, disagreed] = [0, 0];

  for (let done = 0; done < requests; done += batch) {
    const mark = ground.auditMark();
    const indexes = Array.from({ length: Math.min(batch, requests - done) }, (_, at) => done + at);
    const sent = await pooled(
      indexes,
      async (index) => {
        const random = randomOf(seed, `request-info/${index}`);
        const line = requestLineOf(random);
        // Node's HTTP/1.1 writes methods in capitals, and cannot read the body with which Go refuses a HEAD.
        const http = /^(GET|POST|PUT|PATCH|DELETE|OPTIONS)$/.test(line.method) && random.chance(0.3) ? 1 : 2;
        const id = `${run}-${index}`;
        const { status } = await ground.send({ ...line, http, lines: ground.linesOf(id) });
        return { index, id, line, status };
      },
      32,
    );
    // Each answer of the API server that is not about the request line itself is in its audit log, a little later at times.
    const isAudited = (status: number): boolean => ![0, 400, 500].includes(status);
    const events = await until("the audit log holds the requests", async () => {
      const byId = new Map<string, AuditEvent>(ground.auditEvents(mark).map((event) => [event.auditID, event]));
      return sent.every(({ id, status }) => !isAudited(status) || byId.has(id)) && byId;
    });
    for (const { index, id, line, status } of sent) {
      const reading = { status, event: events.get(id), questions: ground.asked.get(id) ?? [] };
      const result = checkRequestInfo(read, line, ground.userOf(id), reading);
      if ("disagreement" in result) {
        disagreed += 1;
        if (counterexamples.length < most) counterexamples.push({ index, asked: line, ...result });
      } else {
        agreed[result.agreement] += 1;
        if (result.isQuestionCompared) questions += 1;
      }
    }
    progress?.(Math.min(requests, done + batch), disagreed);
  }
  const seconds = Math.round((Date.now() - since) / 1000);
  const { version } = ground;
  return { figures: { version, seed, seconds, asked: requests, agreed, questions, disagreed }, counterexamples };
};
