import { isHeaderSafe } from "../identity/header-safe.ts";
import { serviceAccountOf } from "../identity/service-account.ts";
import type { UserInfo } from "../identity/user-info.ts";
import { isProblem } from "../meta/json.ts";
import type { Target } from "../policy/policy.ts";
import { impersonationQuestion, type Question, question } from "../question/question.ts";
import { usernameIn } from "./field-identity.ts";
import { type Finding, mapVerdicts } from "./finding.ts";
import type { IdentityField } from "./identity-field.ts";
import * as say from "./messages.ts";
import type { Denied, Kept, Reason, Written } from "./verdict.ts";

/** Judges one field by the rule, in its order: types and names, then empty, self and privileged, then the questions. */
export function judgeField(one: IdentityField): Finding {
  const { value, blocked } = one.place;
  if (blocked !== undefined) return invalid(one, "parent-not-an-object", blocked);
  if (value === undefined || value === null || value === "") return judgeEmpty(one);
  if (typeof value !== "string") return invalid(one, "not-a-string", say.notAString(value));
  return judgeName(one, value);
}

const judgeEmpty = (one: IdentityField): Finding => {
  const { onEmpty, emptyStandsFor } = one.target;
  if (onEmpty === "allow") return kept(one, "permitted", "empty-allowed", say.keptEmpty(one), "");
  const stays = onEmpty === "stands" || one.writes === "acted-on-status";
  if (emptyStandsFor !== undefined && stays) return judgeStandIn(one, emptyStandsFor);
  if (typeof onEmpty === "string" && onEmpty !== "requester") return denied(one, "empty", say.refusedEmpty(one));
  if (one.writes !== "object") return denied(one, "empty", say.refusedEmpty(one));
  if (typeof onEmpty === "object") return judgeDefault(one, onEmpty.default);
  const sentence = say.filled(one, one.requester.username);
  return setToRequester(one, { decision: "defaulted", reason: "empty", sentence, refusal: say.unfilled(one) });
};

/** A fixed default is judged as if it had been declared; what would stay is written. */
const judgeDefault = (one: IdentityField, text: string): Finding => {
  const sentence = say.filled(one, text);
  const change = { decision: "defaulted", reason: "empty", sentence, refusal: say.withoutDefault(one, text) } as const;
  return mapVerdicts(judgeName(one, text), (verdict) =>
    verdict.decision === "self" || verdict.decision === "permitted"
      ? written(one, text, verdict.effective, change)
      : verdict,
  );
};

/** The identity that an empty field stands for is judged as if it had been declared; the field stays empty. */
const judgeStandIn = (one: IdentityField, identity: string): Finding =>
  judgeIdentity(one, { identity }, say.standsForRequester(one), (ask) =>
    denied(one, "empty", say.forbiddenEmpty(one, identity, ask)),
  );

const judgeName = (one: IdentityField, text: string): Finding => {
  const identity = usernameIn(one, text);
  if (isProblem(identity)) return invalid(one, "unsafe-name", say.noName(one, text, identity.problem));
  const named = { identity, standsFor: privileged(one.target, text) };
  return judgeIdentity(one, named, say.own(one), (ask) => judgeForbidden(one, identity, ask));
};

interface Named {
  readonly identity: string;
  /** Of a privileged value: the account. */
  readonly standsFor?: string | undefined;
}

/**
 * Judges the identity that a controller would act as: the requester's own, one that a trusted writer copied, or one that must be asked about.
 * A privileged value is asked about by its own name and by the account that it stands for, and never counts as the requester.
 */
const judgeIdentity = (
  one: IdentityField,
  { identity, standsFor }: Named,
  own: string,
  forbidden: (asked: readonly Question[]) => Finding,
): Finding => {
  const { requester, target } = one;
  if (identity === requester.username && standsFor === undefined && target.permission === undefined)
    return requireWholeIdentity(one, kept(one, "self", "requester", own, identity));
  const writer = target.writers.find(({ username }) => username === requester.username);
  if (writer) return kept(one, "permitted", "trusted-writer", say.copied(one, writer), identity);
  const ask = [identity, ...(standsFor === undefined ? [] : [standsFor])].map((each) => questionFor(one, each));
  const yes = kept(one, "permitted", "may-impersonate", say.permitted(one, identity), identity);
  return { ask, yes, no: forbidden(ask), subject: about(one) };
};

const judgeForbidden = (one: IdentityField, identity: string, asked: readonly Question[]): Finding => {
  const reason = one.inherited ? "inherited" : "forbidden";
  const refusal = say.forbidden(one, identity, asked);
  if (one.target.onForbidden === "deny" || one.writes !== "object") return denied(one, reason, refusal);
  return setToRequester(one, { decision: "replaced", reason, sentence: say.replaced(one, identity), refusal });
};

type Change = Pick<Written, "decision" | "reason" | "sentence" | "refusal">;

/** The requester's own name is written: it must be one that can be, and that the requester may hand out. */
const setToRequester = (one: IdentityField, change: Change): Finding => {
  const me = one.requester.username;
  const value = privilegedValueOf(one.target, me);
  if (value !== undefined) return denied(one, "privileged-requester", say.privilegedRequester(one, value));
  if (!isHeaderSafe(me)) return invalid(one, "unsafe-requester", say.unsafeRequester(one));
  return requireWholeIdentity(one, written(one, me, me, change));
};

/** Rule `own`: writing the requester's name grants its full rights, so a scoped token must be allowed to impersonate its own user. */
const requireWholeIdentity = (one: IdentityField, yes: Kept | Written): Finding => {
  const { requester, policy } = one;
  const narrowing = policy.narrowing.find((key) => Object.hasOwn(requester.extra, key));
  if (narrowing === undefined) return yes;
  const no = denied(one, "narrowed-requester", say.narrowed(one, narrowing));
  return { ask: [questionFor(one, requester.username)], yes, no, subject: about(one) };
};

/** The username that a privileged value stands for. */
const privileged = (target: Target, value: string): string | undefined =>
  Object.hasOwn(target.privileged, value) ? target.privileged[value] : undefined;

/** Rule `privileged`: the value that makes a username all-powerful to the controller, being it or standing for it; undefined for all others. */
const privilegedValueOf = ({ privileged, onPrivilegedRequester }: Target, username: string): string | undefined => {
  if (Object.hasOwn(privileged, username)) return username;
  if (onPrivilegedRequester === "default") return undefined;
  return Object.keys(privileged).find((value) => privileged[value] === username);
};

const questionFor = ({ requester, target, namespace }: IdentityField, identity: string): Question =>
  target.permission === undefined
    ? impersonationQuestion(requester, identity)
    : question(requester, {
        ...target.permission,
        version: "*",
        ...(namespace ? { namespace } : {}),
        name: identity,
      });

const about = ({ place, at, declared }: IdentityField) => ({ keys: place.keys, at, declared });

const kept = (
  one: IdentityField,
  decision: Kept["decision"],
  reason: Reason,
  sentence: string,
  effective: string,
): Kept => ({
  ...about(one),
  decision,
  reason,
  sentence,
  effective,
});

const written = (one: IdentityField, value: string, effective: string, change: Change): Written => {
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

const denied = (one: IdentityField, reason: Reason, sentence: string): Denied => ({
  ...about(one),
  decision: "denied",
  reason,
  sentence,
  code: 403,
  causes: [],
  effective: "",
});

/** The value itself is at fault. */
const invalid = (one: IdentityField, reason: Reason, message: string): Denied => ({
  ...denied(one, reason, `${one.at}: ${message}`),
  code: 422,
  causes: [{ field: one.at, message }],
});
