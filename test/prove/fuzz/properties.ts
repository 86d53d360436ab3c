import assert from "node:assert/strict";
import { decisions } from "../../../lib/decision/verdict.ts";
import type * as lib from "../../../lib/index.ts";
import {
  type AdmissionResponse,
  type AdmissionReview,
  type Answer,
  type Endpoint,
  type FieldVerdict,
  isProblem,
  type JsonObject,
  type Judgement,
  type Outcome,
  type PatchOperation,
  type Policy,
  readPolicy,
} from "../../../lib/index.ts";
import { assertSound } from "../../support/sound.ts";
import { authorizerOf, keyOf, type Reply } from "./answers.ts";
import { readExactly, writeExactly } from "./exact-json.ts";
import {
  answerable,
  dutiesOf,
  fieldSpots,
  inOwnNamespace,
  isCoveredByName,
  type JudgedSpot,
  judgedSpots,
  type Reviewed,
  targetOf,
  unentitled,
  unwritable,
  wholeDuty,
} from "./oracle.ts";
import { patched } from "./patched.ts";
import { count, type Tally } from "./tally.ts";

/** The library under test, or one that is wrong on purpose. */
export type Library = Pick<
  typeof lib,
  "readReview" | "judge" | "judgeFields" | "conclude" | "concludeFields" | "writeReview"
>;

/** A review, its policy, and the replies of the authorizer. */
export interface Trial {
  readonly text: string;
  readonly policy: JsonObject;
  readonly replies: readonly Reply[];
}

interface Decided {
  readonly endpoint: Endpoint;
  readonly review: AdmissionReview;
  readonly judgement: Judgement;
  readonly answers: readonly Answer[];
  readonly outcome: Outcome;
  /** As it would be sent, and read. */
  readonly response: AdmissionResponse;
  readonly patch: readonly PatchOperation[];
}

const read = new Map<string, Policy>();

/** Policies are few, and reading one takes longer than judging by it. */
export const policyOf = (text: JsonObject): Policy => {
  const key = JSON.stringify(text);
  const policy = read.get(key) ?? readPolicy(text);
  if (read.size < 1_000) read.set(key, policy);
  return policy;
};

const base64 = (text: string): string => Buffer.from(text).toString("base64");

const sent = (library: Library, review: AdmissionReview, outcome: Outcome): Pick<Decided, "response" | "patch"> => {
  const { response } = JSON.parse(JSON.stringify(library.writeReview(review, outcome, base64)));
  return { response, patch: response.patch ? JSON.parse(Buffer.from(response.patch, "base64").toString()) : [] };
};

const rank = ({ decision }: Outcome): number => decisions.indexOf(decision);

/** A text that arbitrary objects hold outside the identity fields. It must not leave the process. */
export const secret = "of-nobodys-business";

/**
 * Judges a review at both endpoints and asserts everything that is promised of every review. Throws an AssertionError for a broken
 * promise, and whatever the library throws.
 */
export const checkReview = (library: Library, { text, policy: policyText, replies }: Trial, tally: Tally): void => {
  const policy = policyOf(policyText);
  const authorizer = authorizerOf(replies);
  const judged = (of: string, endpoint: Endpoint): Decided | undefined => {
    const started = performance.now();
    const review = library.readReview(of);
    if (isProblem(review)) {
      assert.match(review.problem, /./, "a problem is a sentence");
      return undefined;
    }
    const judgement = library.judge(policy, review.request, endpoint);
    const answers = judgement.questions.map(authorizer.answer);
    const outcome = library.conclude(judgement, answers);
    const written = sent(library, review, outcome);
    count(tally, outcome, performance.now() - started, of.length);
    assertSound(review.uid, outcome, written.response);
    tally.checks.questions += answers.length;
    return { endpoint, review, judgement, answers, outcome, ...written };
  };

  const tree = readExactly(text);
  const request = answerable(tree);
  const mutated = judged(text, "mutate");
  const validated = judged(text, "validate");
  assert.equal(mutated !== undefined, request !== undefined, "a review with a uid, and nothing else, is answered");
  if (!request || !mutated || !validated) {
    tally.reviews.unreadable += 1;
    return;
  }
  assert.equal(mutated.review.uid, request["uid"], "the uid is the review's");
  const reviewed: Reviewed = { request, policy: policyText };
  assert.ok(
    !JSON.stringify([mutated.response, validated.response]).includes(secret),
    "no other part of the object leaves",
  );
  checkTwin(reviewed, mutated, validated, isDeep(text));
  for (const decided of [mutated, validated]) {
    checkMonotone(library, decided, tally);
    checkDuties(reviewed, decided, isDeep(text));
    checkReason(decided, authorizer.heard);
  }
  const after = mutated.patch.length > 0 ? afterPatch(reviewed, tree, mutated, tally) : tree;
  checkEntitled(reviewed, answerable(after) ?? {}, mutated, authorizer.heard, tally);
  checkEntitled(reviewed, request, validated, authorizer.heard, tally);
  if (mutated.patch.length > 0) checkAgain(judged, after, policyText, mutated, tally);
  if (!isDeep(text))
    for (const decided of [mutated, validated]) checkFields(library, reviewed, decided, authorizer.heard, tally);
  checkFieldsAlone(library, reviewed, mutated, authorizer, tally);
};

const pointerOf = ({ segments = [] }: FieldVerdict): string =>
  segments.map((segment) => `/${String(segment).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/** Each field has one verdict, a field that stays is in order, and a verdict follows from the answers to its own questions. */
const checkVerdicts = (
  verdicts: readonly FieldVerdict[],
  spots: readonly JudgedSpot[],
  heard: Heard,
  tally: Tally,
): void => {
  const misspelt = spots.flatMap((spot) => spot.misspelt ?? []);
  if (misspelt.length > 0) {
    const [one, ...more] = verdicts;
    assert.ok(one && more.length === 0, "a member that is misspelt has the only verdict");
    assert.equal(one.reason, "letter-case", "a member that is misspelt is refused as such");
    assert.ok(misspelt.includes(pointerOf(one)), "the verdict names a member that is misspelt");
    return;
  }
  assert.deepEqual(
    verdicts.map(pointerOf).sort(),
    spots.map(({ pointer }) => pointer).sort(),
    "each field has one verdict",
  );
  const kept = verdicts.filter(({ decision }) => decision === "self" || decision === "permitted").map(pointerOf);
  for (const pointer of new Set(kept)) {
    const there = spots.filter((spot) => spot.pointer === pointer);
    const orderly = there.filter(({ fault }) => fault === undefined).length;
    const why = there.find(({ fault }) => fault !== undefined)?.fault;
    assert.ok(
      kept.filter((each) => each === pointer).length <= orderly,
      `the verdict leaves a field as it is that ${why}`,
    );
  }
  for (const { reason, questions } of verdicts) {
    const meanings = questions.map((question) => heard.get(keyOf(question)));
    if (reason === "may-impersonate")
      assert.ok(
        meanings.length > 0 && meanings.every((meaning) => meaning === "yes"),
        "a field is permitted by a yes to all its questions",
      );
    if (reason === "forbidden" || reason === "inherited")
      assert.ok(meanings.includes("no"), "a field is forbidden by a no to one of its questions");
    if (reason === "no-answer") assert.ok(meanings.includes("none"), "a question of the field has no answer");
    tally.checks.fields += 1;
  }
};

const isOnWhole = (verdicts: readonly FieldVerdict[]): boolean => verdicts.some(({ at }) => at === undefined);

/** The verdicts on the fields of a review: the worst is the outcome, and none is milder than the whole where the field is at fault. */
const checkFields = (
  library: Library,
  reviewed: Reviewed,
  { endpoint, judgement, answers, outcome }: Decided,
  heard: Heard,
  tally: Tally,
): void => {
  const verdicts = library.concludeFields(judgement, answers);
  const telling = verdicts.filter(({ reason }) => reason !== "empty-allowed");
  const worst = Math.max(
    ...(telling.length > 0 ? telling : verdicts).map(({ decision }) => decisions.indexOf(decision)),
  );
  assert.equal(decisions[worst], outcome.decision, "the worst verdict on a field is the outcome");
  assert.ok(
    verdicts.some(
      ({ decision, reason, sentence, declared, effective, at = "" }) =>
        decision === outcome.decision &&
        reason === outcome.reason &&
        sentence === outcome.message &&
        declared === outcome.declared &&
        effective === outcome.effective &&
        at === outcome.field,
    ),
    "the outcome is the verdict on its field",
  );
  if (isOnWhole(verdicts)) {
    assert.equal(verdicts.length, 1, "a verdict on the whole review stands alone");
    return;
  }
  const duties = dutiesOf(reviewed, endpoint);
  assert.ok(duties !== "refused", "the fields of what cannot be judged have no verdicts");
  const spots = duties.flatMap((duty) => judgedSpots(reviewed, duty, reviewed.request[duty.of], heard) ?? []);
  checkVerdicts(verdicts, spots, heard, tally);
};

/** The verdicts on the fields of the object alone, as it would be written by its requester. */
const checkFieldsAlone = (
  library: Library,
  reviewed: Reviewed,
  { review, judgement: { policy } }: Decided,
  { answer, heard }: ReturnType<typeof authorizerOf>,
  tally: Tally,
): void => {
  const { request } = review;
  if (isProblem(request) || isProblem(request.requester)) return;
  const target = targetOf(reviewed);
  if (!target || !isCoveredByName(reviewed)) return;
  const [object, oldObject] = [request.object, request.oldObject];
  if (!isObject(object)) return;
  const judgement = library.judgeFields(policy, {
    resource: request.resource,
    object,
    ...(isObject(oldObject) ? { oldObject } : {}),
    requester: request.requester,
  });
  const answers = judgement.questions.map(answer);
  const verdicts = library.concludeFields(judgement, answers);
  const spots = judgedSpots(inOwnNamespace(reviewed), wholeDuty(target), reviewed.request["object"], heard);
  assert.ok(spots, "a covered object can be looked through");
  if (!isOnWhole(verdicts)) checkVerdicts(verdicts, spots, heard, tally);
  else {
    const [{ reason } = { reason: "" }, ...more] = verdicts;
    assert.equal(more.length, 0, "a verdict on the whole object stands alone");
    assert.equal(reason, spots.length === 0 ? "no-field" : "too-many-identities", "the fields are judged one by one");
  }
};

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An update that is nested too deep to be read again with its exact numbers is judged even where nothing changed. */
const isDeep = (text: string): boolean => ["[", '{"a":'].some((open) => text.includes(open.repeat(1_000)));

type Heard = ReturnType<typeof authorizerOf>["heard"];

/** A request without duties is skipped, and no other request; a request that must be refused is denied. */
const checkDuties = (reviewed: Reviewed, { endpoint, outcome }: Decided, isTooDeep: boolean): void => {
  const { decision, reason } = outcome;
  const duties = dutiesOf(reviewed, endpoint);
  if (decision === "skipped") assert.equal(duties.length, 0, `skipped as ${reason} on ${endpoint}, which it is not`);
  else assert.ok(duties.length > 0 || isTooDeep, `judged (${reason}) on ${endpoint}, where there is nothing to judge`);
  if (duties === "refused") assert.equal(decision, "denied", "a request that cannot be judged is refused");
};

const checkReason = ({ judgement, outcome: { reason } }: Decided, heard: Heard): void => {
  const meanings = new Set(judgement.questions.map((question) => heard.get(keyOf(question))));
  if (reason === "forbidden" || reason === "inherited")
    assert.ok(meanings.has("no"), `${reason} only after a clear no`);
  if (reason === "no-answer") assert.ok(meanings.has("none"), "an answer is missing only where none came");
};

/** Each identity that an admitted object names, or stands for, is one that the requester may impersonate. */
const checkEntitled = (
  reviewed: Reviewed,
  final: JsonObject,
  { endpoint, outcome, response }: Decided,
  heard: Heard,
  tally: Tally,
): void => {
  const { enforcement, decision, reason } = outcome;
  const isAdmitted = enforcement === "enforce" && response.allowed;
  if (decision === "skipped" || !(isAdmitted || decision === "self" || decision === "permitted")) return;
  const duties = dutiesOf(reviewed, endpoint);
  assert.ok(duties !== "refused", "an admitted request can be judged");
  for (const duty of duties) {
    const why = unentitled(reviewed, duty, final[duty.of], heard);
    assert.equal(why, undefined, `${decision} (${reason}) on ${endpoint}, and in the end`);
    tally.checks.entitled += 1;
  }
};

/** Validate never patches and is not milder than mutate. Where both have the same duties, it asks the same and admits what mutate does not change. */
const checkTwin = (reviewed: Reviewed, mutated: Decided, validated: Decided, isTooDeep: boolean): void => {
  const asked = ({ judgement }: Decided) => judgement.questions.map(keyOf);
  const isLeftAlone = mutated.response.allowed && mutated.patch.length === 0;
  assert.equal(validated.patch.length, 0, "validate never patches");
  assert.ok(!["defaulted", "replaced"].includes(validated.outcome.decision), "validate writes nothing");
  assert.ok(isLeftAlone || !validated.response.allowed || isTooDeep, "validate is not milder than mutate");
  const [duties, same] = [dutiesOf(reviewed, "mutate"), dutiesOf(reviewed, "validate")];
  if (isTooDeep || JSON.stringify(duties) !== JSON.stringify(same)) return;
  assert.deepEqual(asked(validated), asked(mutated), "both endpoints ask the same");
  assert.equal(validated.response.allowed, isLeftAlone, "validate admits exactly what mutate leaves alone");
  if (duties.length > 0)
    assert.equal(validated.outcome.reason, mutated.outcome.reason, "both endpoints have the same reason");
};

/** Of a review with many yeses, two are enough. */
const mostTurned = 2;

/** A yes that becomes a no admits nothing that was refused, and keeps nothing that was replaced. */
const checkMonotone = (library: Library, before: Decided, tally: Tally): void => {
  const isYes = (answer: Answer | undefined) => answer !== undefined && "allowed" in answer && answer.allowed;
  const yeses = before.answers.flatMap((answer, index) => (isYes(answer) ? [index] : []));
  for (const turned of yeses.slice(0, mostTurned)) {
    const answers = before.answers.with(turned, { allowed: false, reason: "" });
    const outcome = library.conclude(before.judgement, answers);
    const { response } = sent(library, before.review, outcome);
    assertSound(before.review.uid, outcome, response);
    tally.checks.turned += 1;
    if (!before.response.allowed) assert.equal(response.allowed, false, "a no admits nothing that was refused");
    if (before.outcome.decision === "denied" || before.outcome.decision === "replaced")
      assert.ok(rank(outcome) >= decisions.indexOf("replaced"), "a no keeps nothing that was not kept");
  }
};

/** The review with the patched object in it. */
const afterPatch = ({ request, policy }: Reviewed, tree: unknown, { patch }: Decided, tally: Tally): unknown => {
  const target = targetOf({ request, policy });
  assert.ok(target, "only a covered object is patched");
  assert.ok(!request["subResource"], "nothing is patched through a subresource");
  tally.checks.patches += 1;
  const text = writeExactly(request["object"]);
  const places = new Set(fieldSpots(target, request["object"]).map(({ pointer }) => pointer));
  for (const { path, value } of patch)
    if (typeof value === "string") {
      const why = unwritable({ request, policy }, value, path);
      assert.equal(why, undefined, `${value} is written`);
    }
  const object = patched(() => readExactly(text), patch, places);
  return { ...(tree as JsonObject), request: { ...request, object } };
};

/** Deciding again on the patched object patches nothing, and is not worse, at both endpoints. */
const checkAgain = (
  judged: (text: string, endpoint: Endpoint) => Decided | undefined,
  after: unknown,
  policy: JsonObject,
  { outcome }: Decided,
  tally: Tally,
): void => {
  const created = {
    ...(after as JsonObject),
    request: { ...answerable(after), operation: "CREATE", oldObject: null },
  };
  const request = answerable(after) ?? {};
  // Mutate sets no identity in the status.
  const isWhole = (["mutate", "validate"] as const)
    .map((endpoint) => JSON.stringify(dutiesOf({ request, policy }, endpoint)))
    .every((duties, _, [first]) => duties === first);
  for (const [tree, endpoint] of [
    [after, "mutate"],
    ...(isWhole ? [[after, "validate"] as const] : []),
    [created, "mutate"],
  ] as const) {
    const again = judged(writeExactly(tree), endpoint);
    assert.ok(again, "a patched review is one");
    tally.checks.again += 1;
    assert.equal(again.patch.length, 0, "deciding again patches nothing");
    assert.equal(again.response.allowed, true, "what was patched is admitted");
    assert.ok(rank(again.outcome) <= rank(outcome), "deciding again is not worse");
  }
};
