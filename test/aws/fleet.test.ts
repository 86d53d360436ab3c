import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { awsCaller } from "../../functions/aws/aws-caller.ts";
import { eksTokens } from "../../functions/aws/eks-token.ts";
import {
  askerRoles,
  type RbacObject,
  serviceAccountImpersonatorRoles,
  userImpersonatorRoles,
} from "../../lib/manifests/index.ts";
import { impersonationQuestion } from "../../lib/question/index.ts";
import { authorize, readWorld, type World } from "../../lib/rbac/index.ts";
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "../cluster/control-plane.ts";
import type { Guarded } from "../cluster/harness/guarded.ts";
import { apiServerProcessOf } from "../cluster/world/api-server-process.ts";
import { applied } from "../cluster/world/applied.ts";
import { until } from "../cluster/world/until.ts";
import { type Called, callerOf } from "../support/called.ts";
import { clientCertificate } from "../support/client-certificate.ts";
import { useOwnClock } from "../support/own-clock.ts";
import type { Registered } from "../support/registry-text.ts";
import { reviewText, template } from "../support/reviews.ts";
import { settingsOf } from "./parts/settings.ts";
import { type Sts, startSts } from "./parts/sts.ts";
import { eksUser, identityOf, sessionOf, startTokenWebhook, type TokenWebhook } from "./parts/token-webhook.ts";

/** Three clusters of one function. Each has its own API server, CA, kind of credentials and permissions. */
const names = ["certificate", "token", "eks"] as const;
type Name = (typeof names)[number];

const bot = { namespace: "team-a", name: "bot" };
const rights: Readonly<Record<Name, readonly RbacObject[]>> = {
  certificate: [...userImpersonatorRoles("alice", "bob"), ...userImpersonatorRoles("carl", "alice")],
  token: [...userImpersonatorRoles("alice", "carl"), ...serviceAccountImpersonatorRoles("bob", bot)],
  eks: [
    ...userImpersonatorRoles("bob", "alice"),
    ...userImpersonatorRoles("carl", "bob"),
    ...serviceAccountImpersonatorRoles("alice", bot),
  ],
};

/** Requesters and declared identities; each pair needs a question. */
const people = ["alice", "bob", "carl"];
const pairs = people.flatMap((requester) =>
  [...people, `system:serviceaccount:${bot.namespace}:${bot.name}`]
    .filter((declared) => declared !== requester)
    .map((declared) => ({ requester, declared })),
);

interface Answered extends Called {
  readonly cluster: Name;
  readonly expected: string;
  /** `performance.now()` when the review was sent. */
  readonly at: number;
  /** Seconds until its API server gives up. */
  readonly patience: number;
}

interface Member {
  readonly plane: ControlPlane;
  readonly stop: () => Promise<void>;
  readonly world: World;
}

const folder = mkdtempSync(join(tmpdir(), "fleet-"));
const members = new Map<Name, Member>();
const memberOf = (name: Name): Member => members.get(name) as Member;
const answers: Answered[] = [];
const restarted: Guarded[] = [];
let call: ReturnType<typeof callerOf>;
let sts: Sts;
let webhook: TokenWebhook;

const asker = (name: Name): string => `asker-of-${name}`;
const keyOf = (name: Name): string => `key-of-${name}`;

const start = async (name: Name, options: ControlPlaneOptions): Promise<void> => {
  const plane = await startControlPlane(options);
  members.set(name, { plane, stop: plane.stop, world: readWorld(rights[name]) });
  await applied(plane, [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: bot.namespace } },
    ...askerRoles(asker(name)),
    ...rights[name],
  ]);
};

/** Of the cluster without a fault, whose API server may be slow because the machine is busy: longer. */
const patienceOf = (name: Name): number => (name === "eks" ? 10 : 2);

/** One review of a cluster, and the result that lib/rbac expects. */
const ask = async (name: Name, nth: number): Promise<Answered> => {
  const { requester, declared } = pairs[nth % pairs.length] as (typeof pairs)[number];
  const userInfo = { username: requester, groups: ["system:authenticated"] };
  const question = impersonationQuestion({ uid: "", extra: {}, ...userInfo }, declared);
  const answer = authorize(memberOf(name).world, question);
  const expected = "allowed" in answer && answer.allowed ? "permitted" : "replaced";
  const body = reviewText({ userInfo, object: template(declared) });
  const at = performance.now();
  const patience = patienceOf(name);
  const called = await call({ cluster: name, key: keyOf(name), body, timeout: `${patience}s` });
  return { cluster: name, expected, at, patience, ...called };
};

const isRight = ({ decision, expected }: Answered): boolean => decision === expected;

beforeAll(async () => {
  const role = asker("eks");
  sts = await startSts([identityOf(role)]);
  webhook = await startTokenWebhook(sts, [role]);
  const { ca, cert, key } = await clientCertificate(asker("certificate"));
  writeFileSync(join(folder, "client-ca.pem"), ca);
  await Promise.all([
    start("certificate", { flags: [`--client-ca-file=${join(folder, "client-ca.pem")}`] }),
    start("token", { users: [{ name: asker("token") }] }),
    start("eks", { flags: [`--authentication-token-webhook-config-file=${webhook.kubeconfig}`] }),
  ]);
  const base64 = (pem: string): string => Buffer.from(pem).toString("base64");
  const users: Readonly<Record<Name, object>> = {
    certificate: { "client-certificate-data": base64(cert), "client-key-data": base64(key) },
    token: { token: memberOf("token").plane.user(asker("token")).token },
    eks: eksUser("prod"),
  };
  const clusters = names.map((name): Registered => {
    const { url, caPem } = memberOf(name).plane.connection;
    return { name, server: url, ca: caPem, user: users[name], key: keyOf(name), serverIsEks: name === "eks" };
  });
  const settings = settingsOf(sessionOf(role));
  const mint = eksTokens(settings, awsCaller(settings));
  call = callerOf(clusters, folder, { mint, region: settings.region });
}, 1_800_000);

afterAll(async () => {
  for (const process of restarted) await process.stop();
  await Promise.all([...members.values()].map(({ stop }) => stop()));
  await webhook?.stop();
  await sts?.close();
  rmSync(folder, { recursive: true, force: true });
});

test("every cluster answers by its own permissions", async () => {
  for (const name of names)
    await until(`${name} has its rights`, async () => {
      const all = await Promise.all(pairs.map((_, nth) => ask(name, nth)));
      return all.every(isRight);
    });
});

describe("under load", () => {
  beforeAll(useOwnClock);
  afterAll(() => void vi.useRealTimers());

  /** The events and their times, for the count at the end. */
  const marks: { readonly at: number; readonly what: string }[] = [];
  const mark = (what: string): number => {
    const at = performance.now();
    marks.push({ at, what });
    return at;
  };
  let over = false;
  /** An API server that has just started has not read all permissions yet: for a moment it answers no to permitted identities. */
  const starting = { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY };
  const isEarlyNo = ({ cluster, at, decision }: Answered): boolean =>
    cluster === "token" && decision === "replaced" && at >= starting.from && at < starting.to;

  /** Sends reviews of one cluster one after the other, at most 25 a second. */
  const load = async (name: Name): Promise<void> => {
    for (let nth = 0; !over; nth++) {
      answers.push(await ask(name, nth));
      await sleep(40);
    }
  };

  const between = (name: Name, from: number, to: number): readonly Answered[] =>
    answers.filter(({ cluster, at }) => cluster === name && at >= from && at < to);
  const since = (name: Name, from: number): readonly Answered[] => between(name, from, Number.POSITIVE_INFINITY);
  const enough = (name: Name, from: number, count: number): Promise<true> =>
    until(`${name} has answered ${count} reviews`, async () => since(name, from).length >= count);
  const recovered = (name: Name, from: number): Promise<true> =>
    until(`${name} answers again`, async () => {
      const last = since(name, from).slice(-pairs.length);
      return last.length === pairs.length && last.every(isRight);
    });
  const allWell = async (what: string): Promise<number> => {
    const from = mark(what);
    for (const name of names) await enough(name, from, 40);
    return from;
  };

  test("one API server is frozen and thaws, another is killed and restarted; the third is not affected", async () => {
    const [frozen, killed] = [
      apiServerProcessOf(memberOf("certificate").plane),
      apiServerProcessOf(memberOf("token").plane),
    ];
    const loads = Promise.all(names.map(load));
    try {
      await allWell("all are well");
      const froze = mark("certificate is frozen");
      frozen.freeze();
      await enough("certificate", froze + 100, 3);
      await enough("eks", froze, 20);
      const late = since("certificate", froze + 100);
      const meanwhile = since("eks", froze);
      const thawed = mark("certificate thaws");
      frozen.thaw();
      await recovered("certificate", thawed);
      await allWell("certificate is well again");
      const died = mark("token is killed");
      killed.kill();
      await enough("token", died + 100, 11);
      const gone = since("token", died + 100);
      const came = mark("token is started again");
      starting.from = came;
      restarted.push(killed.restart());
      await recovered("token", came);
      starting.to = await allWell("all are well again");
      over = true;
      await loads;

      for (const answer of late) expect(answer).toMatchObject({ decision: "denied", code: 504 });
      // One after the other they would be as many.
      expect(meanwhile.length).toBeGreaterThan(late.length);
      for (const answer of gone) expect(answer).toMatchObject({ decision: "denied", code: 503 });
    } finally {
      over = true;
      frozen.thaw();
      await loads;
    }
  }, 600_000);

  test("no identity was wrongly allowed: every answer is right, or a denial that says that the cluster did not answer", () => {
    const isNone = ({ code }: Answered): boolean => code === 502 || code === 503 || code === 504;
    expect(answers.filter((answer) => answer.decision === "permitted" && !isRight(answer))).toEqual([]);
    expect(answers.filter((answer) => !isRight(answer) && !isNone(answer) && !isEarlyNo(answer))).toEqual([]);
    expect(answers.length).toBeGreaterThan(300);
  });

  test("the third cluster had no wrong denial", () => {
    const third = answers.filter(({ cluster }) => cluster === "eks");
    expect(third.filter((answer) => !isRight(answer))).toEqual([]);
  });

  test("every answer came at least a second before its API server would have given up", () => {
    for (const { milliseconds, patience } of answers) expect(milliseconds).toBeLessThan(1_000 * (patience - 1));
  });

  test("the counts", () => {
    const rows = marks.flatMap(({ at, what }, index) =>
      names.map((name) => {
        const some = between(name, at, marks[index + 1]?.at ?? Number.POSITIVE_INFINITY);
        const times = some.map(({ milliseconds }) => milliseconds).sort((one, other) => one - other);
        const codes = [502, 503, 504].map((code) => [
          `denied ${code}`,
          some.filter((answer) => answer.code === code).length,
        ]);
        return {
          when: what,
          cluster: name,
          right: some.filter(isRight).length,
          "early no": some.filter((answer) => isEarlyNo(answer) && !isRight(answer)).length,
          ...Object.fromEntries(codes),
          "ms p50": Math.round(times[Math.floor(times.length / 2)] ?? 0),
          "ms max": Math.round(times.at(-1) ?? 0),
        };
      }),
    );
    console.table(rows);
    expect(rows.reduce((sum, { right }) => sum + right, 0)).toBeGreaterThan(300);
  });
});
