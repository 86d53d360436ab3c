import { isDeepStrictEqual } from "node:util";
import type { UserInfo } from "../../../lib/identity/index.ts";
import * as lib from "../../../lib/proxy/index.ts";
import type { AuditEvent, AuditUser } from "../../cluster/harness/audit-log.ts";
import type { Caller } from "../../cluster/harness/caller.ts";
import { minorOf } from "../../cluster/harness/minor-of.ts";
import { until } from "../../cluster/world/until.ts";
import { pooled } from "../worlds/pool.ts";
import { type Random, randomOf } from "../worlds/random.ts";
import type { Manifest } from "../worlds/world.ts";
import { type Comparison, compareReplies, nodeAlone, replyOf } from "./compare.ts";
import { newProxyTally, type ProxyFigures } from "./figures.ts";
import { type ProxyGround, type ProxyWorld, requestsInWorld } from "./ground.ts";
import { identified, type ProxyLibrary, throughDecision } from "./nested.ts";
import { nestedRequestOf, type RandomRequest, requestOf } from "./requests.ts";
import type { Sender } from "./sender.ts";

/** A request that is answered in two ways. */
export interface ProxyCounterexample {
  /** Its number in the run: the same seed makes the same request of it. */
  readonly index: number;
  readonly asked: RandomRequest & { readonly caller: string };
  /** Roles and bindings of its world. */
  readonly manifests: readonly Manifest[];
  readonly disagreement: string;
}

export interface ProxyProofOptions {
  readonly ground: ProxyGround;
  readonly seed: number;
  readonly requests: number;
  readonly progress?: (done: number, disagreed: number) => void;
}

interface Outcome {
  readonly status: number;
  readonly asked: ProxyCounterexample["asked"];
  readonly comparison: Comparison;
  /** Whether the API server itself answered both requests. */
  readonly isForwarded: boolean;
  /** How many times they were made again. */
  readonly again: number;
  /** Whether what the audit log says of them was compared too. */
  readonly isAudited?: boolean;
}

interface ProxyProof {
  readonly figures: ProxyFigures;
  readonly counterexamples: readonly ProxyCounterexample[];
}

/** So many are shown. */
const most = 10;
/** A list carries the version of the whole store, and whether it is read from the cache is chance: an answer that differs is asked for again. */
const tries = 3;
let runs = 0;

const bearer = ({ token }: Caller): lib.HeaderLine => ["Authorization", `Bearer ${token}`];

/** @param tryAll the requests of a world, by their numbers */
const proveInWorlds = async (
  { ground, seed, requests, progress }: ProxyProofOptions,
  tryAll: (
    world: ProxyWorld,
    indexes: readonly number[],
    run: number,
  ) => Promise<readonly (readonly [number, Outcome])[]>,
): Promise<ProxyProof> => {
  const since = Date.now();
  const tally = newProxyTally();
  const counterexamples: ProxyCounterexample[] = [];
  const run = runs++;
  for (let done = 0; done < requests; done += requestsInWorld) {
    const world = await ground.show(seed, done / requestsInWorld);
    const indexes = Array.from({ length: Math.min(requestsInWorld, requests - done) }, (_, at) => done + at);
    for (const [index, outcome] of await tryAll(world, indexes, run)) {
      const { asked, comparison } = outcome;
      tally.count(outcome);
      if ("disagreement" in comparison && counterexamples.length < most)
        counterexamples.push({ index, asked, manifests: world.manifests, disagreement: comparison.disagreement });
    }
    progress?.(done + indexes.length, tally.disagreed());
  }
  const seconds = Math.round((Date.now() - since) / 1000);
  return { figures: tally.figures({ version: ground.version, seed, seconds }), counterexamples };
};

const withRetries = async (compare: (again: number) => Promise<Omit<Outcome, "again">>): Promise<Outcome> => {
  let again = 0;
  let outcome = await compare(again);
  while ("disagreement" in outcome.comparison && again + 1 < tries) {
    again += 1;
    outcome = await compare(again);
  }
  return { ...outcome, again };
};

/** Nested impersonation: the API server's own, and the library's decision in front of it. */
export const proveNested = (
  options: ProxyProofOptions & { readonly library?: Partial<ProxyLibrary> },
): Promise<ProxyProof> => {
  const { ground, seed, library } = options;
  const how = { minor: minorOf(ground.version), uid: "impersonate" } as const;
  return proveInWorlds(options, async ({ words, callers }, indexes) => {
    const users = new Map<Caller, UserInfo>();
    for (const caller of callers) users.set(caller, await identified(ground, caller));
    return pooled(indexes, async (index) => {
      const random = randomOf(seed, `nested/${index}`);
      const caller = random.pick(callers);
      const request = nestedRequestOf(random, words);
      const outcome = await withRetries(async () => {
        const direct = replyOf(await ground.direct({ ...request, http: 2, lines: [...request.lines, bearer(caller)] }));
        const user = users.get(caller) as UserInfo;
        const through = await throughDecision(ground, { ...lib, ...library }, user, request);
        const comparison = compareReplies(request, direct, through, how);
        return {
          status: direct.status,
          asked: { caller: caller.name, ...request },
          comparison,
          isForwarded: through.isForwarded,
        };
      });
      return [index, outcome] as const;
    });
  });
};

/** With which credential, if any. */
const credentialOf = (
  random: Random,
  callers: readonly Caller[],
): readonly [name: string, lines: readonly lib.HeaderLine[]] => {
  if (random.chance(0.04)) return ["no credential", []];
  if (random.chance(0.03))
    return ["a bad token", [["Authorization", `Bearer ${random.pick(["x", "a.b.c", "\u00e9"])}`]]];
  if (random.chance(0.02)) return ["another scheme", [["Authorization", "Basic YTpi"]]];
  const caller = random.pick(callers);
  return [caller.name, [bearer(caller)]];
};

/** Headers that must reach the API server without an effect, or not at all. */
const strayLines = (random: Random): readonly lib.HeaderLine[] =>
  random.chance(0.8)
    ? []
    : random.some<lib.HeaderLine>(
        [
          ["X-Remote-User", "system:admin"],
          ["X-Remote-Group", "system:masters"],
          ["X-Forwarded-For", "192.0.2.9"],
          ["Forwarded", "for=192.0.2.9"],
          ["X-Forwarded-Uri", "/x"],
          ["TE", "trailers"],
          ["Cookie", "a=b"],
        ],
        1,
        3,
      );

const originalKey = "proxy.impersonation-admission/original-user-info";

/** Who an event says a request was made as. */
const effective = ({ user, impersonatedUser = user }: AuditEvent) => {
  const { username, uid, groups = [], extra = {} } = impersonatedUser as AuditUser;
  const { [originalKey]: _, ...rest } = extra;
  return { username, uid, groups: [...groups].sort(), extra: rest };
};

const read = ({ verb, objectRef, requestURI }: AuditEvent) => ({ verb, objectRef, requestURI });

/** What the audit log says of the two requests, where it says something of both. */
const compareEvents = (
  direct: AuditEvent | undefined,
  through: AuditEvent | undefined,
  { actor, version }: ProxyGround,
): string | undefined => {
  if (through === undefined) return undefined;
  if (direct === undefined) return `only the request through the proxy is in the audit log: ${JSON.stringify(through)}`;
  const [theirs, ours] = [
    { as: effective(direct), ...read(direct) },
    { as: effective(through), ...read(through) },
  ];
  // Since 1.36 the API server itself may impersonate a node by constraint, and then adds a group.
  const isNode = minorOf(version) >= 36 && theirs.as.username.startsWith("system:node:");
  const comparable = isNode ? { ...theirs, as: nodeAlone(theirs.as) } : theirs;
  if (!isDeepStrictEqual(comparable, ours))
    return `the audit log says ${JSON.stringify(theirs)}, and through the proxy ${JSON.stringify(ours)}`;
  const isActor = through.user.username === actor.name;
  if (isActor !== (through.impersonatedUser !== undefined))
    return `the request came from ${JSON.stringify(through.user)} as ${JSON.stringify(through.impersonatedUser)}`;
  return undefined;
};

/** Every kind of request, to the API server and through the proxy. */
export const proveThrough = (
  options: ProxyProofOptions & { readonly through?: Sender["send"] },
): Promise<ProxyProof> => {
  const { ground, seed, through: send = ground.through } = options;
  const how = { minor: minorOf(ground.version), uid: "passthrough" } as const;
  return proveInWorlds(options, async ({ words, callers }, indexes, run) => {
    const mark = ground.plane.auditMark();
    const ids = (index: number, again: number) => ["d", "t"].map((side) => `${run}-${index}-${again}-${side}`);
    const outcomes = await pooled(indexes, async (index) => {
      const random = randomOf(seed, `through/${index}`);
      const [name, credential] = credentialOf(random, callers);
      const made = random.chance(0.25) ? nestedRequestOf(random, words) : requestOf(random, words);
      const request = { ...made, lines: [...made.lines, ...strayLines(random)] };
      // Node's HTTP/1.1 cannot read the body with which Go refuses a HEAD, and knows the methods of a list.
      const http = /^(GET|POST|PUT|PATCH|DELETE|OPTIONS)$/.test(request.method) && random.chance(0.25) ? 1 : 2;
      const outcome = await withRetries(async (again) => {
        const [directId = "", throughId = ""] = ids(index, again);
        const sent = (id: string) =>
          ({ ...request, http, lines: [...request.lines, ...credential, ["Audit-ID", id]] }) as const;
        const [direct, through] = await Promise.all([
          ground.direct(sent(directId)).then(replyOf),
          send(sent(throughId)).then(replyOf),
        ]);
        const comparison = compareReplies(request, direct, through, how);
        return {
          status: direct.status,
          asked: { caller: name, ...request },
          comparison,
          isForwarded: through.isForwarded,
        };
      });
      return { index, outcome };
    });
    // The audit log tells of a request a little later at times.
    const isLogged = ({ outcome }: (typeof outcomes)[number]) =>
      "same" in outcome.comparison && outcome.isForwarded && outcome.status !== 0;
    const events = await until("the audit log holds the requests", async () => {
      const byId = new Map(ground.plane.auditEvents(mark).map((event) => [event.auditID, event]));
      const logged = outcomes.filter(isLogged).flatMap(({ index, outcome }) => ids(index, outcome.again));
      return logged.every((id) => byId.has(id)) && byId;
    });
    return outcomes.map((each) => {
      const { index, outcome } = each;
      const [direct, through] = ids(index, outcome.again).map((id) => events.get(id));
      const disagreement = compareEvents(direct, through, ground);
      const comparison = disagreement === undefined ? outcome.comparison : { disagreement };
      return [index, { ...outcome, comparison, isAudited: isLogged(each) }] as const;
    });
  });
};
