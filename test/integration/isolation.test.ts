import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { throwAwayCertificates } from "../../infra/local/certificates.ts";
import { no, yes } from "../faults/replies.ts";
import { type Called, callerOf, type WebhookCall } from "../support/called.ts";
import { eventually } from "../support/eventually.ts";
import { type Behaviour, type FaultyPeer, startFaultyPeer } from "../support/faulty-peer.ts";
import type { Registered } from "../support/registry-text.ts";
import { reviewText, template } from "../support/reviews.ts";

/** Four clusters of one function, told apart by what their API servers do. */
const behaviours = { yes, no, silent: () => {}, refusing: yes } as const satisfies Readonly<Record<string, Behaviour>>;
type Name = keyof typeof behaviours;
const names = Object.keys(behaviours) as Name[];

const peers = new Map<Name, FaultyPeer>();
const peerOf = (name: Name): FaultyPeer => peers.get(name) as FaultyPeer;
const keyOf = (name: Name): string => `a-key-of-${name}`;
const tokenOf = (name: Name): string => `a-token-for-${name}`;
let call: (call: WebhookCall) => Promise<Called>;

beforeAll(async () => {
  const clusters: Registered[] = [];
  for (const name of names) {
    const { ca, ...own } = await throwAwayCertificates({ hosts: ["127.0.0.1"] });
    const peer = await startFaultyPeer(behaviours[name], own);
    peers.set(name, peer);
    clusters.push({ name, server: peer.url, ca, user: { token: tokenOf(name) }, key: keyOf(name) });
  }
  // Its port is free now: connections are refused.
  await peerOf("refusing").close();
  call = callerOf(clusters);
});
afterAll(async () => {
  for (const name of names) if (name !== "refusing") await peerOf(name).close();
});

const body = reviewText({ object: template("bob") });
const review = (name: Name, more: Partial<WebhookCall> = {}) =>
  call({ cluster: name, key: keyOf(name), body, timeout: "2s", ...more });

/** Several callers at once, each with several reviews, one after the other. */
const load = async (name: Name, callers: number, each: number): Promise<readonly Called[]> => {
  const one = async (): Promise<readonly Called[]> => {
    const all: Called[] = [];
    for (let nth = 0; nth < each; nth++) all.push(await review(name));
    return all;
  };
  return (await Promise.all(Array.from({ length: callers }, one))).flat();
};

const decisionsOf = (called: readonly Called[]) => new Set(called.map(({ decision, code }) => `${decision} ${code}`));

/** The time from the call until the answer of a silent cluster: `timeout` less what is reserved for the way back and for writing. */
const untilDeadline = 900;

describe("a dead cluster and a slow one", () => {
  // Time passes where a test says so.
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  test("do not slow down the others, which are all answered before the slow one is given up", async () => {
    const silent = load("silent", 40, 1);
    const [beside, others, refusing] = await Promise.all([
      load("yes", 4, 100),
      load("no", 2, 50),
      load("refusing", 4, 25),
    ]);
    expect(decisionsOf(beside)).toEqual(new Set(["permitted undefined"]));
    expect(decisionsOf(others)).toEqual(new Set(["replaced undefined"]));
    expect(decisionsOf(refusing)).toEqual(new Set(["denied 503"]));
    await vi.advanceTimersByTimeAsync(untilDeadline);
    expect(decisionsOf(await silent)).toEqual(new Set(["denied 504"]));
    expect(peerOf("yes").connections()).toBeLessThanOrEqual(16);
  });

  test("get sixteen connections at most, and keep no silent one", async () => {
    const before = peerOf("silent").connections();
    const reviews = load("silent", 40, 1);
    await eventually(() => expect(peerOf("silent").open()).toBe(16));
    // Another connection would have arrived before these later ones are answered.
    await load("yes", 20, 5);
    expect(peerOf("silent").connections()).toBe(before + 16);
    await vi.advanceTimersByTimeAsync(untilDeadline);
    await reviews;
    await eventually(() => expect(peerOf("silent").open()).toBe(0));
  });

  test("are asked again when they have recovered", async () => {
    peerOf("silent").behave = no;
    expect(decisionsOf(await load("silent", 2, 2))).toEqual(new Set(["replaced undefined"]));
    peerOf("silent").behave = () => {};
  });
});

describe("the path alone names the cluster", () => {
  /** Everything in a call that a requester or a caller can choose. */
  const elsewhere = (): string =>
    JSON.stringify({
      cluster: "no",
      context: "no",
      server: peerOf("no").url,
      ...JSON.parse(
        reviewText({
          cluster: "no",
          clusterName: "no",
          userInfo: {
            username: "alice",
            groups: ["system:authenticated", "no", "system:masters"],
            extra: { cluster: ["no"], server: [peerOf("no").url], authorization: [`Bearer ${tokenOf("no")}`] },
          },
          options: { kind: "CreateOptions", cluster: "no" },
          object: {
            ...template("bob"),
            metadata: {
              name: "demo",
              namespace: "team-a",
              clusterName: "no",
              annotations: { cluster: "no", "impersonation-admission/context": "no", server: peerOf("no").url },
            },
          },
        }),
      ),
    });

  test("and the body does not", async () => {
    const before = peerOf("no").asked.length;
    expect(await review("yes", { body: elsewhere() })).toMatchObject({ decision: "permitted" });
    expect(peerOf("no").asked.length).toBe(before);
    expect(peerOf("yes").asked.at(-1)?.head.split("\r\n")[0]).toBe(
      "POST /apis/authorization.k8s.io/v1/subjectaccessreviews?fieldValidation=Strict HTTP/1.1",
    );
  });

  test("nor does the key of another cluster", async () => {
    const before = names.map((name) => peerOf(name).asked.length);
    await expect(review("yes", { key: keyOf("no") })).rejects.toThrow("no verdict came back: 404");
    expect(names.map((name) => peerOf(name).asked.length)).toEqual(before);
  });
});

test("every API server received its own credentials, and no others", () => {
  for (const name of ["yes", "no", "silent"] as const) {
    const shown = new Set(peerOf(name).asked.map(({ authorization }) => authorization));
    expect(shown).toEqual(new Set([`Bearer ${tokenOf(name)}`]));
  }
});
