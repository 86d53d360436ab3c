import { describe, expect, test } from "vitest";
import * as lib from "../../../lib/proxy/index.ts";
import type { Answer, Question } from "../../../lib/question/index.ts";
import type { ProxyLibrary } from "../proxy/nested.ts";
import { fuzzProxy } from "./run.ts";

// Libraries that are wrong on purpose: the fuzz must find each, and show the fault in a small request.

const { concludeRequest, judgeRequest, outgoingLines, readRequestInfo } = lib;

const isNamed =
  (names: RegExp) =>
  ([name]: lib.HeaderLine): boolean =>
    names.test(name);

/** A library that reads other headers than there are. */
const judging = (change: (lines: readonly lib.HeaderLine[]) => readonly lib.HeaderLine[]): Partial<ProxyLibrary> => ({
  judgeRequest: (request) => judgeRequest({ ...request, lines: change(request.lines) }),
});

/** A library that asks other questions. */
const asking = (
  change: (questions: readonly Question[], judgement: lib.RequestJudgement) => readonly Question[],
): Partial<ProxyLibrary> => ({
  judgeRequest: (request) => {
    const judgement = judgeRequest(request);
    return { ...judgement, questions: change(judgement.questions, judgement) };
  },
});

/** A library that hears other answers. */
const hearing = (change: (answer: Answer | undefined) => Answer | undefined): Partial<ProxyLibrary> => ({
  concludeRequest: (judgement, answers, options) =>
    concludeRequest(
      judgement,
      Array.from(judgement.questions, (_, at) => change(answers[at])),
      options,
    ),
});

/** A library that sends other impersonation headers. */
const acting = (change: (lines: readonly lib.HeaderLine[]) => readonly lib.HeaderLine[]): Partial<ProxyLibrary> => ({
  concludeRequest: (judgement, answers, options) => {
    const outcome = concludeRequest(judgement, answers, options);
    return "refusal" in outcome ? outcome : { ...outcome, lines: change(outcome.lines) };
  },
});

/** A library that lets headers of the client pass. */
const passing = (names: RegExp): Partial<ProxyLibrary> => ({
  outgoingLines: (lines, options) => [...lines.filter(isNamed(names)), ...outgoingLines(lines, options)],
});

const wrongLines = /exactly the harmless ones|nothing else is added|stays as it is|are ours|comes from the peer/;

const yes: Answer = { allowed: true, reason: "" };
const isUser = isNamed(/^impersonate-user$/i);
const isGroup = isNamed(/^impersonate-group$/i);
const resourceOf = (question: Question): string =>
  "resourceAttributes" in question && question.resourceAttributes.verb === "impersonate"
    ? question.resourceAttributes.resource
    : "";
const without = (resource: string) => (questions: readonly Question[]) =>
  questions.filter((question) => resourceOf(question) !== resource);

const planted: readonly (readonly [bug: string, library: Partial<ProxyLibrary>, found: RegExp])[] = [
  [
    "throws for a stray percent sign",
    {
      readRequestInfo: (method, target) => {
        decodeURIComponent(target);
        return readRequestInfo(method, target);
      },
    },
    /URI malformed/,
  ],
  [
    "resolves dots in the path",
    { readRequestInfo: (method, target) => readRequestInfo(method, new URL(`https://host/${target}`).href.slice(13)) },
    /one question of the user|Invalid URL|goes on/,
  ],
  [
    "drops the last group",
    acting((lines) => lines.filter((_, at) => at !== lines.findLastIndex(isGroup))),
    /with its groups/,
  ],
  [
    "joins groups",
    acting((lines) => {
      const groups = lines.filter(isGroup);
      const joined: lib.HeaderLine = ["Impersonate-Group", groups.map(([, value]) => value).join(", ")];
      return groups.length < 2 ? lines : [...lines.filter((line) => !isGroup(line)), joined];
    }),
    /with its groups/,
  ],
  [
    "adds a group",
    acting((lines) => (lines.some(isUser) ? [...lines, ["Impersonate-Group", "system:masters"]] : lines)),
    /with its groups/,
  ],
  ["drops the uid", acting((lines) => lines.filter((line) => !isNamed(/^impersonate-uid$/i)(line))), /with its uid/],
  [
    "drops extra",
    acting((lines) => lines.filter((line) => !isNamed(/^impersonate-extra-(?!proxy)/i)(line))),
    /with its extra/,
  ],
  [
    "loses the original user",
    acting((lines) => lines.filter((line) => !isNamed(/original-user-info$/i)(line))),
    /the original user travels/,
  ],
  ["names no user", acting((lines) => lines.filter((line) => !isUser(line))), /impersonat|never on its own|one user/],
  [
    "ignores an unknown impersonation header",
    judging((lines) => lines.filter((line) => isNamed(/^impersonate-(user|group|uid|extra-.*)$/i)(line))),
    /cannot be read never goes on/,
  ],
  [
    "ignores groups without a user",
    judging((lines) => (lines.some(isUser) ? lines : lines.filter((line) => !isNamed(/^impersonate/i)(line)))),
    /cannot be read never goes on/,
  ],
  ["takes the last of two users", judging((lines) => lines.toReversed()), /impersonate|with its groups|goes on as/],
  [
    "reads the keys of extra with their capitals",
    judging((lines) =>
      lines.map(([name, value]) => [
        name.replace(
          /^(impersonate-extra-)(\w)/i,
          (_, prefix, letter) => `${prefix}%2553%${letter.charCodeAt(0).toString(16)}`,
        ),
        value,
      ]),
    ),
    /userextras|with its extra/,
  ],
  [
    "lets the reserved key pass",
    judging((lines) =>
      lines.map(([name, value]) => [
        name.replace(/proxy\.impersonation-admission/i, "proxy-impersonation-admission"),
        value,
      ]),
    ),
    /what must be refused never goes on/,
  ],
  [
    "asks as the user that the request goes on as",
    asking((questions, { user }) => questions.map((question) => ({ ...question, user: user?.username ?? "" }))),
    /only with a yes to: impersonate/,
  ],
  [
    "asks about the request as the caller",
    asking((questions, { original }) =>
      questions.map((question) =>
        resourceOf(question) === "" && original
          ? { ...question, user: original.username, groups: original.groups }
          : question,
      ),
    ),
    /one question of the user is about/,
  ],
  ["does not ask about the user", asking(without("users")), /only with a yes to: impersonate.*users/],
  [
    "does not ask about service accounts",
    asking(without("serviceaccounts")),
    /only with a yes to: impersonate.*serviceaccounts/,
  ],
  ["does not ask about groups", asking(without("groups")), /only with a yes to: impersonate.*groups/],
  ["does not ask about extra", asking(without("userextras")), /only with a yes to: impersonate.*userextras/],
  ["does not ask about the uid", asking(without("uids")), /only with a yes to: impersonate.*uids/],
  [
    "does not ask about the request itself",
    asking((questions) => questions.filter((question) => resourceOf(question) !== "")),
    /one question of the user is about/,
  ],
  ["forwards without an answer", hearing((answer) => answer ?? yes), /goes on|never forward/],
  [
    "takes no answer for a yes",
    hearing((answer) => (answer && "failure" in answer ? yes : answer)),
    /goes on|never forward/,
  ],
  [
    "takes a no for a yes",
    hearing((answer) => (answer && "allowed" in answer ? yes : answer)),
    /goes on|never forward/,
  ],
  ["refuses everything", hearing(() => undefined), /with a yes to all questions goes on/],
  [
    "passes a caller's token on for another user",
    {
      concludeRequest: (judgement, answers, options) => {
        const outcome = concludeRequest(judgement, answers, { ...options, uid: "impersonate" });
        return "refusal" in outcome || outcome.credential !== "actor"
          ? outcome
          : { ...outcome, credential: "caller", lines: [] };
      },
    },
    /another's credential impersonates|a token goes on for its uid|must be refused/,
  ],
  [
    "says the credential in a refusal",
    {
      concludeRequest: (judgement, answers, options) => {
        const outcome = concludeRequest(judgement, answers, options);
        const [, value = ""] = judgement.request.lines.find(isNamed(/^authorization$/i)) ?? [];
        return "refusal" in outcome ? { refusal: { ...outcome.refusal, message: `refused: ${value}` } } : outcome;
      },
    },
    /no credential gets into a refusal/,
  ],
  ["passes Authorization on", passing(/^authorization$/i), wrongLines],
  ["passes a front proxy's headers on", passing(/^x-remote-/i), wrongLines],
  ["passes a front proxy's headers with underscores on", passing(/^x_remote/i), wrongLines],
  ["passes where a request came from on", passing(/^x-forwarded-for$/i), wrongLines],
  ["passes headers of the connection on", passing(/^(keep-alive|upgrade|transfer-encoding)$/i), wrongLines],
  [
    "passes what Connection names on",
    {
      outgoingLines: (lines, options) =>
        outgoingLines(
          lines.filter((line) => !isNamed(/^connection$/i)(line)),
          options,
        ),
    },
    wrongLines,
  ],
  [
    "lets Connection remove our headers",
    {
      outgoingLines: (lines, options) => {
        const named = lines
          .filter(isNamed(/^connection$/i))
          .flatMap(([, value]) => value.split(",").map((name) => name.trim().toLowerCase()));
        return outgoingLines(lines, options).filter(([name]) => !named.includes(name.toLowerCase()));
      },
    },
    wrongLines,
  ],
  [
    "drops harmless headers",
    {
      outgoingLines: (lines, options) =>
        outgoingLines(
          lines.filter((line) => !isNamed(/^accept$/i)(line)),
          options,
        ),
    },
    wrongLines,
  ],
  [
    "orders headers",
    {
      outgoingLines: (lines, options) =>
        outgoingLines(
          lines.toSorted(([a], [b]) => (a < b ? -1 : 1)),
          options,
        ),
    },
    wrongLines,
  ],
  [
    "adds where it stands each time",
    {
      outgoingLines: (lines, options) => {
        const before = lines.filter(isNamed(/^x-via$/i)).length;
        return [...outgoingLines(lines, options), ["X-Via", String(before)]];
      },
    },
    /nothing else is added/,
  ],
  [
    "judges by what it judged before",
    (() => {
      let judged = 0;
      return {
        judgeRequest: (request: lib.ProxyRequest) => {
          judged += 1;
          const judgement = judgeRequest(request);
          return judged % 2 === 0 ? judgement : { ...judgement, user: undefined };
        },
      };
    })(),
    /judged in the same way/,
  ],
];

describe("the fuzz finds a proxy that", () => {
  test.each(planted)("%s", (_, library, found) => {
    const { failures } = fuzzProxy({ seed: 7, requests: 20_000, library });
    expect(failures.join("\n")).toMatch(found);
    expect(failures.join("\n")).toMatch(/\{ seed: -?\d+, path: "[\d:]+"/);
  });
});

test("the library itself breaks no promise of the same requests", () => {
  const { failures } = fuzzProxy({ seed: 7, requests: 5_000 });
  expect(failures).toEqual([]);
});
