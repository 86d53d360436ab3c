import { brief } from "../meta/brief.ts";
import type { Writer } from "../policy/policy.ts";
import { formatQuestion, type ResourceQuestion } from "../question/question.ts";
import type { IdentityField } from "./identity-field.ts";
import { unsafeNameProblem } from "./identity-in.ts";
import type { AdmissionRequest } from "./request.ts";

/*
 * Sentences about a field: the fact, then the fix. A warning is the sentence of a field that is written, and fits 120 characters with names
 * of a usual length. Every name in a sentence is cut at a length that real names do not reach. Arrow functions, because each of them is one
 * text, and a name beside its text reads best.
 */

const quoted = (name: string): string => `"${brief(name)}"`;

const user = ({ requester }: Pick<IdentityField, "requester">): string => brief(requester.username);

const askFor = (asked: readonly ResourceQuestion[]): string =>
  `get the permission to ${asked.map((question) => brief(formatQuestion(question))).join(" and to ")}`;

export const keptEmpty = ({ at }: IdentityField): string => `${at} is empty, which the policy allows`;

export const refusedEmpty = (field: IdentityField): string =>
  field.writes === "acted-on-status"
    ? `the controller acts on this status, and ${field.at} is empty; set that to an identity first`
    : `${field.at} is empty; set it to an identity that ${user(field)} may impersonate`;

export const standsForRequester = ({ at }: IdentityField): string => `${at} is empty, which stands for the requester`;

export const forbiddenEmpty = (field: IdentityField, identity: string, asked: readonly ResourceQuestion[]): string => {
  const isStatus = field.writes === "acted-on-status";
  const what = isStatus ? "the controller acts on this status, and " : "";
  const fix = `to an identity that ${user(field)} may impersonate`;
  return `${what}${field.at} is empty, which stands for ${quoted(identity)}, and ${user(field)} may not impersonate that; ${isStatus ? `first set ${field.at} ${fix}` : `set it ${fix}`}, or ${askFor(asked)}`;
};

export const filled = ({ at }: IdentityField, value: string): string =>
  `${at} was empty and is set to ${quoted(value)}`;

export const unfilled = (field: IdentityField): string =>
  `${field.at} is empty; set it to "${user(field)}" or to an identity that ${user(field)} may impersonate`;

export const withoutDefault = ({ at }: IdentityField, value: string): string =>
  `${at} is empty; set it to ${quoted(value)}`;

export const own = ({ at }: IdentityField): string => `${at} names the requester`;

export const permitted = (field: IdentityField, identity: string): string =>
  `${user(field)} may impersonate ${quoted(identity)}`;

export const permittedAny = (field: IdentityField): string =>
  `${user(field)} may impersonate every service account${inNamespace(field)}`;

export const forbiddenAny = (field: IdentityField, asked: readonly ResourceQuestion[]): string =>
  `${field.at} can name any service account${inNamespace(field)}, and ${user(field)} may not impersonate them all; leave it out, or ${askFor(asked)}`;

export const meansRequester = ({ at }: IdentityField): string => `${at} stands for the requester`;

export const forbiddenMeaning = (field: IdentityField, identity: string, asked: readonly ResourceQuestion[]): string =>
  `${field.at} stands for ${quoted(identity)}, and ${user(field)} may not impersonate that; leave it out, or ${askFor(asked)}`;

const inNamespace = ({ namespace }: IdentityField): string => (namespace ? ` in namespace ${namespace}` : "");

export const unprivileged = (field: IdentityField, name: string): string =>
  `${field.at} names ${quoted(name)}, which needs no permission`;

export const copied = ({ at }: IdentityField, { username, copiesFrom }: Writer): string =>
  `${username} copies ${at} from ${copiesFrom}, where it is guarded`;

export const replaced = (field: IdentityField, identity: string): string => {
  const { at, inherited } = field;
  return inherited
    ? `${at}: inherited ${quoted(identity)} replaced by "${user(field)}"; set the field yourself`
    : `${at}: ${named(field, identity)} replaced by "${user(field)}", who may not impersonate it`;
};

export const forbidden = (field: IdentityField, identity: string, asked: readonly ResourceQuestion[]): string => {
  const { at, inherited, rule, writes } = field;
  const me = user(field);
  if (writes === "acted-on-status")
    return `the controller acts on this status as ${quoted(identity)} (${at}), which ${me} may not impersonate; ${askFor(asked)}`;
  if (inherited)
    return `${at} still names ${quoted(identity)}, which ${me} may not impersonate; set it to an identity that ${me} may impersonate`;
  const instead = rule.onForbidden === "requester" ? `set it to "${me}", or ` : "";
  return `${at}: ${me} may not impersonate ${named(field, identity)}; ${instead}${askFor(asked)}`;
};

export const lostGroups = ({ at }: IdentityField, identity: string): string =>
  `${at}: a controller that acts as ${quoted(identity)} has none of your groups`;

export const privilegedRequester = (field: IdentityField, value: string): string =>
  `${field.at} would be set to "${user(field)}", which the controller treats as all-powerful; set it to "${value}" if the object is meant to run as the controller, or to the identity that it should run as`;

export const scopedToken = (field: IdentityField, key: string): string =>
  `${field.at} would grant all rights of "${user(field)}", but this token is limited by ${key}; use an unscoped token`;

/* Causes (422) begin behind the name of the field. */

export const notAString = (value: unknown): string =>
  `must be a string, not ${Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `the ${typeof value} ${value}`}`;

export const misspelt = (key: string): string =>
  `must be written ${key}, because the controller may read it in any letter case`;

export const noName = (field: IdentityField, text: string, problem: string): string =>
  `${named(field, text)} ${problem}`;

export const unsafeRequester = (field: IdentityField): string =>
  `would be set to "${user(field)}", which ${unsafeNameProblem(field.requester.username)}; declare another identity`;

export const foreignKind = ({ kind: { kind }, subResource, resource }: AdmissionRequest): string =>
  `must not be in a ${brief(kind)}, because ${resource.resource}/${brief(subResource)} may store it in the object; leave it out`;

/** Where the field is empty, the name is the policy's default, which the object does not declare. */
const named = ({ declared, field: { names } }: IdentityField, name: string): string => {
  const shown = names === "group" ? `the group ${quoted(name)}` : quoted(name);
  return declared === "" ? `the default ${shown}` : shown;
};
