import { isHeaderSafe } from "../identity/header-safe.ts";
import { isObject, type JsonObject, member } from "../identity/json.ts";
import { formatQuestion, impersonationQuestion, type Question, question } from "../identity/question.ts";
import { serviceAccountOf, serviceAccountUsername } from "../identity/service-account.ts";
import type { UserInfo } from "../identity/user-info.ts";
import { formatKeys, type Keys, type Place } from "../policy/path.ts";
import type { Field, Policy, Target } from "../policy/policy.ts";
import type { Finding } from "./finding.ts";
import type { Code, Reason, Verdict } from "./verdict.ts";

/** What the fields of one review have in common. */
export interface Review {
  readonly policy: Policy;
  readonly target: Target;
  readonly requester: UserInfo;
  /** The object whose fields are judged: of a status write, the old one. */
  readonly object: JsonObject;
  /** The object's namespace, empty for a cluster-scoped one. */
  readonly namespace: string;
  /** The status is written, not the field. */
  readonly statusWrite: boolean;
}

/** Everything that one field is judged by. */
export interface Case extends Review {
  readonly field: Field;
  readonly place: Place;
  /** The same field of the old object; undefined on CREATE, and where the old object had none. */
  readonly before?: { readonly place: Place; readonly object: JsonObject };
}

/** Judges one field by the rule, in its order: types and names, then empty, self and privileged, then the questions. */
export const judgeField = (one: Case): Finding => {
  const { place } = one;
  const at = formatKeys(place.keys);
  if (place.blocked !== undefined)
    return denied(one, "parent-not-an-object", 422, `${at} is ${place.blocked}; an object must stand there`);
  const { value } = place;
  if (value === undefined || value === null || value === "") return judgeEmpty(one, at);
  if (typeof value !== "string")
    return denied(one, "not-a-string", 422, `${at} must be a string, not ${describe(value)}`);
  return judgeName(one, at, value);
};

const judgeEmpty = (one: Case, at: string): Finding => {
  const { requester, target } = one;
  const { onEmpty } = target;
  if (onEmpty === "allow") return verdict(one, "permitted", "empty-allowed", `${at} is empty, which the policy allows`);
  if (onEmpty === "deny")
    return denied(
      one,
      "empty",
      403,
      `${at} is empty; set it to an identity that ${requester.username} may impersonate`,
    );
  if (onEmpty === "requester")
    return written(one, at, {
      ...verdict(one, "defaulted", "empty", `${at} was empty and is set to "${requester.username}"`),
      refusal: `${at} is empty; set it to "${requester.username}" or to an identity that ${requester.username} may impersonate`,
    });
  const identity = identityOf(one, onEmpty.default);
  if (typeof identity !== "string")
    return denied(one, "unsafe-name", 422, `${at}: the policy's default ${identity.problem}`);
  const set: Verdict = {
    ...verdict(one, "defaulted", "empty", `${at} was empty and is set to "${onEmpty.default}"`),
    refusal: `${at} is empty; set it to "${onEmpty.default}"`,
    effective: identity,
    write: writing(one.place, onEmpty.default),
  };
  if (identity === requester.username) return own(one, at, set);
  const ask = [questionFor(one, identity)];
  return { ask, yes: set, no: denied(one, "forbidden", 403, mayNot(one, at, identity, ask)) };
};

const judgeName = (one: Case, at: string, declared: string): Finding => {
  const { requester, target } = one;
  const me = requester.username;
  const identity = identityOf(one, declared);
  if (typeof identity !== "string") return denied(one, "unsafe-name", 422, `${at}: "${declared}" ${identity.problem}`);
  const kept = { declared: identity, effective: identity };
  const standsFor = privileged(target, declared);
  if (standsFor === undefined && identity === me)
    return own(one, at, { ...verdict(one, "self", "requester", `${at} names the requester`), ...kept });
  const permitted = { ...verdict(one, "permitted", "may-impersonate", `${me} may impersonate "${identity}"`), ...kept };
  if (target.writers.some((writer) => writer.username === me)) return { ...permitted, reason: "trusted-writer" };
  const ask = [
    questionFor(one, identity),
    ...(standsFor === undefined ? [] : [impersonationQuestion(requester, standsFor)]),
  ];
  return { ask, yes: permitted, no: forbidden(one, at, identity, ask) };
};

const forbidden = (one: Case, at: string, identity: string, asked: readonly Question[]): Finding => {
  const { requester, target, before } = one;
  const me = requester.username;
  const inherited = !one.statusWrite && before !== undefined && identityAt({ ...one, ...before }) === identity;
  const reason = inherited ? "inherited" : "forbidden";
  const refusal = inherited
    ? `${at} still names "${identity}", which ${me} may not impersonate; whoever edits the object must set the field to an identity of their own`
    : mayNot(one, at, identity, asked);
  if (target.onForbidden === "deny") return { ...denied(one, reason, 403, refusal), declared: identity };
  const notice = inherited
    ? `${at}: inherited "${identity}" replaced by "${me}", who may not impersonate it; set the field yourself`
    : `${at}: "${identity}" replaced by "${me}", who may not impersonate it`;
  return written(one, at, { ...verdict(one, "replaced", reason, notice), declared: identity, refusal });
};

/** The requester's own name is written: it must be one that can be, and that the requester may hand out. */
const written = (one: Case, at: string, set: Verdict): Finding => {
  const { requester, target, place } = one;
  const me = requester.username;
  if (privileged(target, me) !== undefined)
    return denied(
      one,
      "privileged-requester",
      403,
      `${at} would be set to "${me}", which the controller treats as all-powerful; declare another identity`,
    );
  if (!isHeaderSafe(me))
    return denied(
      one,
      "unsafe-requester",
      422,
      `${at} would be set to "${me}", which ${unsafe}; declare another identity`,
    );
  const lost = requester.groups.some((group) => !isImpliedGroup(group, requester));
  return own(one, at, {
    ...set,
    effective: me,
    write: writing(place, me),
    ...(lost ? { lostGroups: `${at}: a controller that acts as "${me}" has none of the groups of ${me}` } : {}),
  });
};

/** The requester's own identity is handed out: a narrowed credential must be allowed the whole of it. */
const own = (one: Case, at: string, yes: Verdict): Finding => {
  const { requester, policy } = one;
  const narrow = policy.narrowing.find((key) => Object.hasOwn(requester.extra, key));
  if (narrow === undefined) return yes;
  const why = `${at} would hand out all of "${requester.username}", and this credential is narrowed by ${narrow}; use a full credential`;
  return {
    ask: [impersonationQuestion(requester, requester.username)],
    yes,
    no: denied(one, "narrowed-requester", 403, why),
  };
};

/** Groups that impersonation by name gives back. */
const isImpliedGroup = (group: string, requester: UserInfo): boolean =>
  group === "system:authenticated" ||
  group === "system:unauthenticated" ||
  group === "system:serviceaccounts" ||
  group === `system:serviceaccounts:${serviceAccountOf(requester.username)?.namespace}`;

const privileged = (target: Target, name: string): string | undefined =>
  Object.hasOwn(target.privileged, name) ? target.privileged[name] : undefined;

const unsafe = "is not printable ASCII without spaces at its ends and would not survive an HTTP header";

/** The username that a field's text stands for, or why it stands for none. */
const identityOf = ({ field, place, object, namespace }: Case, text: string): string | { readonly problem: string } => {
  if (!isHeaderSafe(text)) return { problem: unsafe };
  const form = field.serviceAccount;
  if (form === undefined) return text;
  const [before, after] = form === "namespace:name" && text.includes(":") ? split(text) : [namespace, text];
  const beside = typeof form === "object" ? sibling(object, place.keys, form.namespaceKey) : undefined;
  if (beside !== undefined && beside !== null && typeof beside !== "string")
    return { problem: "has a namespace beside it that is not a string" };
  const account = { namespace: beside || before, name: after };
  const username = serviceAccountUsername(account);
  return serviceAccountOf(username) ? username : { problem: "is not the name of a service account in a namespace" };
};

/** The identity that a place names, undefined where it names none. */
const identityAt = (one: Case): string | undefined => {
  const identity = typeof one.place.value === "string" ? identityOf(one, one.place.value) : undefined;
  return typeof identity === "string" ? identity : undefined;
};

const split = (text: string): [string, string] => {
  const colon = text.indexOf(":");
  return [text.slice(0, colon), text.slice(colon + 1)];
};

const sibling = (object: JsonObject, keys: Keys, key: string): unknown => {
  let at: unknown = object;
  for (const step of keys.slice(0, -1))
    at = Array.isArray(at) ? at[Number(step)] : isObject(at) ? member(at, String(step)) : undefined;
  return isObject(at) ? member(at, key) : undefined;
};

const questionFor = ({ requester, target, namespace }: Case, identity: string): Question => {
  if (target.permission === undefined) return impersonationQuestion(requester, identity);
  const { verb, group, resource } = target.permission;
  return question(requester, {
    verb,
    group,
    version: "v1",
    resource,
    ...(namespace ? { namespace } : {}),
    name: identity,
  });
};

const mayNot = (
  { requester, target, statusWrite }: Case,
  at: string,
  identity: string,
  asked: readonly Question[],
): string => {
  const me = requester.username;
  const permission = `get the permission to ${asked.map(formatQuestion).join(" and to ")}`;
  if (statusWrite)
    return `the controller acts on this status as "${identity}" (${at}), whom ${me} may not impersonate; ${permission}`;
  const instead = target.onForbidden === "requester" ? `set it to "${me}", or ` : "";
  return `${at}: ${me} may not impersonate "${identity}"; ${instead}${permission}`;
};

const writing = ({ missing, value }: Place, text: string): NonNullable<Verdict["write"]> => ({
  value: text,
  missing,
  present: missing === 0 && value !== undefined,
});

const verdict = ({ place }: Case, decision: Verdict["decision"], reason: Reason, notice: string): Verdict => ({
  decision,
  reason,
  notice,
  refusal: notice,
  code: 403,
  keys: place.keys,
  declared: typeof place.value === "string" && place.blocked === undefined ? place.value : "",
  effective: "",
});

const denied = (one: Case, reason: Reason, code: Code, refusal: string): Verdict => ({
  ...verdict(one, "denied", reason, refusal),
  code,
});

const describe = (value: unknown): string =>
  Array.isArray(value) ? "a list" : isObject(value) ? "an object" : `the ${typeof value} ${String(value)}`;
