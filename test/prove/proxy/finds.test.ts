import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as lib from "../../../lib/proxy/index.ts";
import { type ProxyGround, startProxyGround } from "./ground.ts";
import type { ProxyLibrary } from "./nested.ts";
import { proveNested, proveThrough } from "./prove.ts";
import type { Sender, Sent } from "./sender.ts";

// Wrong on purpose: what compares must find that out.

const { judgeRequest, concludeRequest, outgoingLines } = lib;
const seed = 7;
const requests = 200;

let ground: ProxyGround;
beforeAll(async () => {
  ground = await startProxyGround({ worlds: 1 });
});
afterAll(() => ground?.stop());

const isGroup = ([name]: lib.HeaderLine): boolean => /^impersonate-group$/i.test(name);

const decisions: readonly (readonly [string, Partial<ProxyLibrary>, RegExp])[] = [
  [
    "drops the last group",
    {
      outgoingLines: (lines, options) => {
        const last = options.acting.findLastIndex(isGroup);
        return outgoingLines(lines, { ...options, acting: options.acting.filter((_, at) => at !== last) });
      },
    },
    /groups/,
  ],
  [
    "joins groups on one line",
    {
      outgoingLines: (lines, options) => {
        const groups = options.acting.filter(isGroup).map(([, value]) => value);
        const others = options.acting.filter((line) => !isGroup(line));
        return outgoingLines(lines, { ...options, acting: [...others, ["Impersonate-Group", groups.join(", ")]] });
      },
    },
    /groups/,
  ],
  [
    "asks as the user that it goes on as",
    {
      judgeRequest: (request) => {
        const judgement = judgeRequest(request);
        const { username = "" } = judgement.user ?? {};
        return { ...judgement, questions: judgement.questions.map((question) => ({ ...question, user: username })) };
      },
    },
    /cannot impersonate/,
  ],
  [
    "forwards without a yes",
    {
      concludeRequest: (judgement, answers, options) =>
        concludeRequest(
          judgement,
          answers.map(() => ({ allowed: true, reason: "" })),
          options,
        ),
    },
    /"status":403.*through the proxy it is.*"status":20/,
  ],
  [
    "decides in another order",
    {
      judgeRequest: (request) => {
        const judgement = judgeRequest(request);
        return { ...judgement, questions: judgement.questions.toReversed() };
      },
    },
    /cannot impersonate/,
  ],
];

describe("the comparison of nested impersonation finds a decision that", () => {
  test.each(decisions)("%s", async (_, library, found) => {
    const { figures, counterexamples } = await proveNested({ ground, seed, requests, library });
    expect(figures.disagreed).toBeGreaterThan(0);
    expect(counterexamples.map(({ disagreement }) => disagreement).join("\n")).toMatch(found);
  });
});

const proxies: readonly (readonly [string, (send: Sender["send"]) => Sender["send"], RegExp])[] = [
  ["resolves the target", (send) => (sent) => send({ ...sent, target: resolved(sent.target) }), /requestURI|"status"/],
  [
    "says 200 of an object that does not exist",
    (send) => async (sent) => {
      const received = await send(sent);
      return received.status === 404 ? { ...received, status: 200 } : received;
    },
    /"status":404.*"status":200/,
  ],
  ["leaves --as away", (send) => (sent) => send(without(sent, /^impersonate-/i)), /the audit log says|"status"/],
  [
    "drops the credential of a caller",
    (send) => (sent) => send(without(sent, /^authorization$/i)),
    /system:anonymous|"status"/,
  ],
  [
    "cuts bodies",
    (send) => async (sent) => {
      const received = await send(sent);
      return { ...received, body: received.body.subarray(0, 20) };
    },
    /"body"/,
  ],
];

const resolved = (target: string): string => {
  const { pathname, search } = new URL(`https://host${target.startsWith("//") ? "/" : ""}${target}`);
  return pathname + search;
};

const without = (sent: Sent, names: RegExp): Sent => ({
  ...sent,
  lines: sent.lines.filter(([name]) => !names.test(name)),
});

describe("the comparison of answers finds a proxy that", () => {
  test.each(proxies)("%s", async (_, wrong, found) => {
    const { figures, counterexamples } = await proveThrough({ ground, seed, requests, through: wrong(ground.through) });
    expect(figures.disagreed).toBeGreaterThan(0);
    expect(counterexamples.map(({ disagreement }) => disagreement).join("\n")).toMatch(found);
  });
});
