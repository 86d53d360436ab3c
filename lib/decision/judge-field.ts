import { isHeaderSafe } from "../identity/header-safe.ts";
import { isProblem } from "../identity/json.ts";
import { impersonationQuestion, type Question, question } from "../identity/question.ts";
import { serviceAccountOf } from "../identity/service-account.ts";
import type { UserInfo } from "../identity/user-info.ts";
import type { Target } from "../policy/policy.ts";
import type { Case } from "./case.ts";
import { identityOf } from "./field-identity.ts";
import { type Finding, mapVerdicts } from "./finding.ts";
import * as say from "./sentences.ts";
import type { Denied, Kept, Reason, Written } from "./verdict.ts";

/** Judges one field by the rule, in its order: types and names, then empty, self and privileged, then the questions. */
export const judgeField = (one: Case): Finding => {
  const { value, blocked } = one.place;
  if (blocked !== undefined) return invalid(one, "parent-not-an-object", blocked);
  if (value === undefined || value === null || value === "") return judgeEmpty(one);
  if (typeof value !== "string") return invalid(one, "not-a-string", say.notAString(value));
  return judgeName(one, value);
};

const judgeEmpty = (one: Case): Finding => {
  const { onEmpty } = one.target;
  if (onEmpty === "allow") return kept(one, "permitted", "empty-allowed", say.keptEmpty(one), "");
  if (onEmpty === "deny" || one.statusWrite) return denied(one, "empty", say.refusedEmpty(one));
  if (onEmpty === "requester") {
    const sentence = say.filled(one, one.requester.username);
    return setToRequester(one, { decision: "defaulted", reason: "empty", sentence, refusal: say.unfilled(one) });
  }
  return judgeDefault(one, onEmpty.default);
};

/** A fixed default is judged as if it had been declared; what would stay is written. */
const judgeDefault = (one: Case, text: string): Finding => {
  const sentence = say.filled(one, text);
  const change = { decision: "defaulted", reason: "empty", sentence, refusal: say.withoutDefault(one, text) } as const;
  return mapVerdicts(judgeName(one, text), (verdict) =>
    verdict.decision === "self" || verdict.decision === "permitted"
      ? written(one, text, verdict.effective, change)
      : verdict,
  );
};

const judgeName = (one: Case, text: string): Finding => {
  const { requester, target } = one;
  const identity = identityOf(one, text);
  if (isProblem(identity)) return invalid(one, "unsafe-name", say.noName(one, text, identity.problem));
  const standsFor = privileged(target, text);
  if (identity === requester.username && standsFor === undefined)
    return handOut(one, kept(one, "self", "requester", say.own(one), identity));
  const writer = target.writers.find(({ username }) => username === requester.username);
  if (writer) return kept(one, "permitted", "trusted-writer", say.copied(one, writer), identity);
  const ask = [identity, ...(standsFor === undefined ? [] : [standsFor])].map((each) => questionFor(one, each));
  return {
    ask,
    yes: kept(one, "permitted", "may-impersonate", say.permitted(one, identity), identity),
    no: judgeForbidden(one, identity, ask),
    about: about(one),
  };
};

const judgeForbidden = (one: Case, identity: string, asked: readonly Question[]): Finding => {
  const reason = one.inherited ? "inherited" : "forbidden";
  const refusal = say.forbidden(one, identity, asked);
  if (one.target.onForbidden === "deny" || one.statusWrite) return denied(one, reason, refusal);
  return setToRequester(one, { decision: "replaced", reason, sentence: say.replaced(one, identity), refusal });
};

type Change = Pick<Written, "decision" | "reason" | "sentence" | "refusal">;

/** The requester's own name is written: it must be one that can be, and that the requester may hand out. */
const setToRequester = (one: Case, change: Change): Finding => {
  const me = one.requester.username;
  if (privileged(one.target, me) !== undefined)
    return denied(one, "privileged-requester", say.privilegedRequester(one));
  if (!isHeaderSafe(me)) return invalid(one, "unsafe-requester", say.unsafeRequester(one));
  return handOut(one, written(one, me, me, change));
};

/** Point 13: the requester's own identity is handed out, so a narrowed credential must be allowed the whole of it. */
const handOut = (one: Case, yes: Kept | Written): Finding => {
  const { requester, policy } = one;
  const narrowing = policy.narrowing.find((key) => Object.hasOwn(requester.extra, key));
  if (narrowing === undefined) return yes;
  const no = denied(one, "narrowed-requester", say.narrowed(one, narrowing));
  return { ask: [questionFor(one, requester.username)], yes, no, about: about(one) };
};

/** The username that a privileged value stands for. */
const privileged = (target: Target, value: string): string | undefined =>
  Object.hasOwn(target.privileged, value) ? target.privileged[value] : undefined;

const questionFor = ({ requester, target, namespace }: Case, identity: string): Question =>
  target.permission === undefined
    ? impersonationQuestion(requester, identity)
    : question(requester, {
        ...target.permission,
        version: "*",
        ...(namespace ? { namespace } : {}),
        name: identity,
      });

const about = ({ place, declared }: Case) => ({ keys: place.keys, declared });

const kept = (one: Case, decision: Kept["decision"], reason: Reason, sentence: string, effective: string): Kept => ({
  ...about(one),
  decision,
  reason,
  sentence,
  effective,
});

const written = (one: Case, value: string, effective: string, change: Change): Written => {
  const { missing, value: present } = one.place;
  return {
    ...about(one),
    ...change,
    effective,
    write: { value, missing, present: present !== undefined },
    ...(hasGroups(one.requester) ? { lostGroups: say.lostGroups(one, effective) } : {}),
  };
};

const impliedGroups = ["system:authenticated", "system:unauthenticated", "system:serviceaccounts"];

/** Whether there are groups that impersonation by name does not give back. */
const hasGroups = ({ username, groups }: UserInfo): boolean => {
  const account = serviceAccountOf(username);
  const ofNamespace = account && `system:serviceaccounts:${account.namespace}`;
  return groups.some((group) => !impliedGroups.includes(group) && group !== ofNamespace);
};

const denied = (one: Case, reason: Reason, sentence: string): Denied => ({
  ...about(one),
  decision: "denied",
  reason,
  sentence,
  code: 403,
  causes: [],
  effective: "",
});

/** The value itself is at fault. */
const invalid = (one: Case, reason: Reason, message: string): Denied => ({
  ...denied(one, reason, `${one.at}: ${message}`),
  code: 422,
  causes: [{ field: one.at, message }],
});
