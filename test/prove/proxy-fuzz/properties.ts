import assert from "node:assert/strict";
import { isProblem } from "../../../lib/meta/json.ts";
import * as lib from "../../../lib/proxy/index.ts";
import { type Answer, isPathQuestion, type Question } from "../../../lib/question/index.ts";
import type { ProxyLibrary } from "../proxy/nested.ts";
import { type ProxyCase, type Reply, secret } from "./case.ts";
import {
  anonymous,
  arrives,
  askedFor,
  type Identity,
  identityOf,
  impersonationNeeds,
  isReserved,
  linesToKeep,
  ownNeed,
  withImpliedGroups,
} from "./oracle.ts";

/** Counts of a run. */
export interface ProxyFuzzTally {
  requests: number;
  unreadable: number;
  refused: number;
  forwarded: Record<"actor" | "caller" | "none", number>;
  nested: number;
  questions: number;
  /** Answers that were taken away, or turned into a no, one at a time. */
  turned: number;
}

export const newProxyFuzzTally = (): ProxyFuzzTally => ({
  requests: 0,
  unreadable: 0,
  refused: 0,
  forwarded: { actor: 0, caller: 0, none: 0 },
  nested: 0,
  questions: 0,
  turned: 0,
});

const hash = (text: string): number =>
  [...text].reduce((sum, character) => (Math.imul(sum, 31) + (character.codePointAt(0) as number)) >>> 0, 7);

const answers: Readonly<Record<Reply, Answer | undefined>> = {
  yes: { allowed: true, reason: "" },
  no: { allowed: false, reason: "because" },
  none: { code: 504, failure: "late" },
  missing: undefined,
};

/** Whose question it is, and what it is about. */
const partsOf = (question: Question): readonly [asker: string, what: string] => {
  const { user, uid = "", groups, extra } = question;
  const asker = JSON.stringify([user, uid, groups, Object.entries(extra).filter(([, values]) => values.length > 0)]);
  if (isPathQuestion(question)) {
    const { verb, path } = question.nonResourceAttributes;
    return [asker, `path ${verb} ${path}`];
  }
  const { verb, group, version, resource, subresource = "", namespace = "", name } = question.resourceAttributes;
  const what = `${resource}${subresource && `/${subresource}`}`;
  if (verb === "impersonate") return [asker, `impersonate ${group}/${version} ${what} ${namespace} ${name}`];
  return [asker, `${verb} ${group}/${version} ${what} ${namespace} ${name}`];
};

const askerOf = ({ username, uid, groups, extra }: Identity): string => JSON.stringify([username, uid, groups, extra]);

const groupOf = (need: string): string => (/^(userextras\/|uids )/.test(need) ? "authentication.k8s.io" : "");

const deepFrozen = <T>(value: T): T => {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFrozen(member);
  }
  return value;
};

/** The user that impersonation headers say. */
const impersonated = (lines: readonly lib.HeaderLine[]): Identity & { readonly original: string | undefined } => {
  const asked = askedFor(lines);
  assert.ok(typeof asked !== "string", "the acting account is never on its own");
  const key = "proxy.impersonation-admission/original-user-info";
  const original = asked.extra.find(([own]) => own === key)?.[1];
  assert.ok((original?.length ?? 1) === 1, "there is one original user");
  return { ...asked, extra: asked.extra.filter(([own]) => own !== key), original: original?.[0] };
};

const count = (lines: readonly lib.HeaderLine[], wanted: string): number =>
  lines.filter(([name]) => name.toLowerCase() === wanted).length;

/** Judges a request and asserts what is promised of every request. Throws an AssertionError for a broken promise. */
export const checkProxyCase = (library: ProxyLibrary, given: ProxyCase, tally: ProxyFuzzTally): void => {
  const { line, lines, caller, replies, conclude } = deepFrozen(given);
  tally.requests += 1;
  lib.requestTimeout(line.target, 60_000);
  lib.bearerTokenOf(lines);
  lib.webSocketProtocolsOf(lines);
  lib.frontProxyUser(lines, { username: ["x-id"], uid: ["x-a"], group: ["x-teams"], extraPrefix: ["x-more-", ""] });
  const info = library.readRequestInfo(line.method, line.target);
  if (isProblem(info)) {
    assert.match(info.problem, /./, "a problem is a sentence");
    tally.unreadable += 1;
    return;
  }
  lib.isLongRunning(info);
  const request = { info, lines, caller };
  const judgement = library.judgeRequest(request);
  assert.deepEqual(library.judgeRequest(request), judgement, "the same request is judged in the same way");
  const heard = new Map<string, Reply>();
  const received = judgement.questions.map((question) => {
    const [asker, what] = partsOf(question);
    const reply = replies[hash(asker + what) % replies.length] as Reply;
    heard.set(`${asker} ${what}`, reply);
    tally.questions += 1;
    return answers[reply];
  });
  const outcome = library.concludeRequest(judgement, received, conclude);

  const asked = askedFor(lines);
  const own = caller === "anonymous" ? undefined : identityOf(caller.user);
  const isNested = typeof asked !== "string";
  const effective = isNested ? withImpliedGroups(asked) : own;
  const mayBeSent = sendable(given, asked, own, effective, judgement.questions.length, info);
  const yesToAll = [...heard.values()].every((reply) => reply === "yes");
  if ("refusal" in outcome) {
    tally.refused += 1;
    const { code, message, status, kind } = outcome.refusal;
    assert.ok(code >= 400 && status === "Failure" && kind === "Status" && message !== "", "a refusal is a Status");
    assert.ok(!JSON.stringify(outcome.refusal).includes(secret), "no credential gets into a refusal");
    assert.ok(!mayBeSent || !yesToAll, `a request with a yes to all questions goes on: ${message}`);
    return;
  }
  const { credential, lines: acting } = outcome;
  tally.forwarded[credential] += 1;
  if (isNested) tally.nested += 1;

  // Who it goes on as was authenticated, or allowed by a yes.
  assert.notEqual(asked, "refused", "impersonation that cannot be read never goes on");
  assert.ok(mayBeSent, "what must be refused never goes on");
  const needs = isNested ? impersonationNeeds(asked) : [];
  for (const need of needs) {
    const question = `impersonate ${groupOf(need)}/v1 ${need}`;
    const reply = heard.get(`${askerOf(own ?? anonymous)} ${question}`);
    assert.equal(reply, "yes", `goes on as another user only with a yes to: ${question}`);
  }
  const need = effective === undefined || effective.groups.includes("system:masters") ? undefined : ownNeed(line);
  if (need !== undefined && effective !== undefined) {
    const asker = `${askerOf(effective)} `;
    const questions = [...heard].filter(([key]) => key.startsWith(asker) && need.test(key.slice(asker.length)));
    assert.equal(questions.length, 1, `one question of the user is about ${need}`);
    assert.equal(questions[0]?.[1], "yes", "goes on only with a yes to its own question");
  }
  if (credential === "actor") {
    const { original, ...user } = impersonated(acting);
    const expected = effective ?? anonymous;
    if (effective === undefined) assert.ok(conclude.anonymousException, "anonymous requests go on as such");
    assert.equal(count(acting, "impersonate-user"), 1, "one user");
    assert.equal(user.username, expected.username, "goes on as the user that it may be");
    assert.equal(user.uid, expected.uid, "with its uid");
    assert.deepEqual(user.groups, expected.groups, "with its groups");
    assert.deepEqual(new Map(user.extra), new Map(expected.extra), "with its extra");
    assert.equal(original !== undefined, isNested, "the original user travels where it is another one");
    if (original !== undefined) checkOriginal(original, own ?? anonymous);
    for (const [name, value] of acting) {
      assert.match(name, /^Impersonate-[!#-'*+\-.0-9A-Z^-z|~]+$/, "a header's name is a token");
      assert.ok(arrives(value) && [...value].every((byte) => byte <= "\xff"), "a value is bytes that arrive");
    }
  } else {
    assert.deepEqual(acting, [], "nothing is impersonated with another credential than the acting account's");
    assert.ok(!isNested, "another's credential impersonates");
    if (credential === "none") assert.equal(caller, "anonymous", "only a caller without a credential goes on without");
    else assert.ok(caller !== "anonymous" && caller.credential === "token" && own?.uid, "a token goes on for its uid");
  }

  checkLines(library, given, acting);
  checkDoubt(library, judgement, received, conclude, tally);
};

/** Whether nothing but an answer keeps a request from going on. */
const sendable = (
  { caller, conclude }: ProxyCase,
  asked: ReturnType<typeof askedFor>,
  own: Identity | undefined,
  effective: Identity | undefined,
  questions: number,
  { isResourceRequest, verb }: lib.RequestInfo,
): boolean => {
  if (asked === "refused" || own?.username === "") return false;
  const keys = [
    ...(caller === "anonymous" ? [] : Object.keys(caller.user.extra)),
    ...(typeof asked === "string" ? [] : asked.extra.map(([key]) => key)),
  ];
  if (keys.some(isReserved) || questions > 256) return false;
  if (effective === undefined) return true;
  // A method that no resource has is asked about, except for those who may do everything.
  if (isResourceRequest && verb === "" && !effective.groups.includes("system:masters")) return false;
  const { username, uid, groups, extra } = effective;
  if (uid !== "" && conclude.uid === "passthrough")
    return typeof asked === "string" && caller !== "anonymous" && caller.credential === "token";
  const original = typeof asked === "string" ? undefined : (own ?? anonymous);
  const isKey = (key: string): boolean => key !== "" && !/\p{Surrogate}/u.test(key);
  const texts = [username, ...(uid === "" ? [] : [uid]), ...groups, ...extra.flatMap(([, values]) => values)];
  return texts.every(arrives) && extra.every(([key]) => isKey(key)) && original?.username !== "";
};

const checkOriginal = (text: string, own: Identity): void => {
  assert.match(text, /^[ -~]*$/, "the original user is ASCII");
  const { username, uid = "", groups = [], extra = {} } = JSON.parse(text) as Partial<Identity> & { extra?: object };
  const pairs = Object.entries(extra).filter(([, values]) => (values as readonly string[]).length > 0);
  assert.deepEqual([username, uid, groups], [own.username, own.uid, own.groups], "the original user is the caller");
  assert.deepEqual(new Map(pairs), new Map(own.extra), "the original user is the caller");
};

/** What goes on of the client's headers, and what is put behind them. */
const checkLines = (library: ProxyLibrary, given: ProxyCase, acting: readonly lib.HeaderLine[]): void => {
  const { lines, outgoing } = given;
  const options = { ...outgoing, acting };
  const sent = library.outgoingLines(lines, options);
  const kept = linesToKeep(given);
  assert.deepEqual(
    sent.slice(0, kept.length),
    kept,
    "of the client's headers exactly the harmless ones go on, in order",
  );
  const added = sent.slice(kept.length);
  assert.deepEqual(
    added.filter(([name]) => /^impersonate/i.test(name.replaceAll("_", "-"))),
    acting,
    "the impersonation headers are ours",
  );
  const names = added.filter((line) => !acting.includes(line)).map(([name]) => name.toLowerCase());
  const ours = ["te", "connection", "upgrade", "sec-websocket-protocol", "x-forwarded-for"];
  assert.ok(
    names.every((name) => ours.includes(name)) && new Set(names).size === names.length,
    "nothing else is added",
  );
  assert.deepEqual(
    added.filter(([name]) => name.toLowerCase() === "x-forwarded-for").map(([, value]) => value),
    [outgoing.peer],
    "the request comes from the peer",
  );
  if (outgoing.upgrade === undefined)
    assert.ok(!names.includes("upgrade") && !names.includes("connection"), "only an upgrade is an upgrade");
  assert.ok(!JSON.stringify(sent).includes(secret) || JSON.stringify(kept).includes(secret), "no credential goes on");
  assert.deepEqual(library.outgoingLines(sent, options), sent, "what has been cleaned stays as it is");
};

/** An answer that is missing, and a no, each refuse, whatever the others are. */
const checkDoubt = (
  library: ProxyLibrary,
  judgement: lib.RequestJudgement,
  received: readonly (Answer | undefined)[],
  conclude: lib.ConcludeOptions,
  tally: ProxyFuzzTally,
): void => {
  for (const at of received.keys()) {
    for (const [answer, code] of [
      [undefined, 503],
      [answers.none, 504],
      [answers.no, 403],
    ] as const) {
      const outcome = library.concludeRequest(judgement, received.with(at, answer), conclude);
      assert.ok("refusal" in outcome, "a missing answer and a no never forward");
      assert.equal(outcome.refusal.code, code, "what kept it back is said");
      tally.turned += 1;
    }
  }
  if (received.length > 0) {
    const outcome = library.concludeRequest(judgement, [], conclude);
    assert.ok("refusal" in outcome, "no answers at all never forward");
  }
};
