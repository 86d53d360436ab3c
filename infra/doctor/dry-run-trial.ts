import { type AdmissionRequest, conclude, judge, type Outcome } from "../../lib/decision/index.ts";
import { isHeaderSafe } from "../../lib/identity/index.ts";
import { printable } from "../../lib/meta/index.ts";
import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import { formatSegments, placesOf, pointerOf } from "../../lib/policy/path.ts";
import { type Field, isInStatus, type Target, targetOf } from "../../lib/policy/policy.ts";
import type { Answer, ResourceQuestion } from "../../lib/question/index.ts";
import { type ApiReply, messageOf } from "../cluster/api-client.ts";
import { rootOf } from "../cluster/discovery.ts";
import { resourceName } from "../cluster/resource-name.ts";
import { hasInTreePolicies, inTreeSetsField } from "./admission-policies.ts";
import { redactText } from "./redact.ts";
import { sampleOf, schemaOf, withField } from "./sample-object.ts";
import { type SchemaPlace, schemaPlacesOf } from "./schema-places.ts";
import type { Site } from "./site.ts";

/** The identity that a trial declares. */
export type Declaration = "own name" | "no name" | "other name";

/** A resource for a dry run. */
export interface DryRunSubject {
  readonly target: Target;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** A username that no cluster has, so that no user has permission to impersonate it by its name. */
const unknownName = "impersonation-admission-doctor";

/** The resources of the policy that the cluster serves, each in its preferred version. */
export function dryRunSubjects({ policy, served }: Site): readonly DryRunSubject[] {
  return [...served].flatMap(([group, resources]) =>
    [...resources].flatMap(([resource, versions]) => {
      const first = versions
        .map((each) => ({ ...each, target: targetOf(policy, { group, version: each.version, resource }) }))
        .find(({ target }) => target !== undefined);
      return first?.target ? [{ ...first, target: first.target, group, resource }] : [];
    }),
  );
}

/** The declarations that a user can try in a resource: the own name only where the field takes usernames and allows this one. */
export function possibleDeclarations({ me }: Site, { target }: DryRunSubject): readonly Declaration[] {
  return [
    ...(target.fields.some(({ names, privileged }) => names !== "username" || Object.hasOwn(privileged, me.username)) ||
    !isHeaderSafe(me.username)
      ? []
      : (["own name"] as const)),
    "no name",
    "other name",
  ];
}

/**
 * The object of a trial. Fields in the status are left out, because the API server drops the status of a new object. So are other fields
 * that the schema does not have.
 */
export async function dryRunObject(site: Site, subject: DryRunSubject, declaration: Declaration): Promise<JsonObject> {
  const { group, version, resource, kind, target } = subject;
  const schema = schemaOf(await site.definition(resourceName({ group, resource })), version);
  const name = { "own name": site.me.username, "no name": undefined, "other name": unknownName }[declaration];
  const least = sampleOf({ ...schema, type: "object" });
  const body = target.fields
    .filter((field) => !isInStatus(field))
    .reduce((object, field) => {
      const places = schemaPlacesOf(schema, field.path);
      const place = places.find((each) => each.schema !== undefined) ?? places[0];
      return place ? withField(object, schema, place.path, valueFor(field, place, name)) : object;
    }, least);
  const given = isObject(body) ? body : {};
  return {
    ...given,
    apiVersion: group === "" ? version : `${group}/${version}`,
    kind,
    metadata: { ...(isObject(given["metadata"]) ? given["metadata"] : {}), generateName: `${unknownName}-` },
  };
}

/** A value for a field that names this identity, of the type that the schema wants. */
const valueFor = ({ names }: Field, { schema }: SchemaPlace, name: string | undefined): unknown => {
  // The API server fills an absent field that has a default before any webhook sees it.
  if (name === undefined) return schema?.["default"];
  if (schema === undefined || schema["type"] === "string") return name;
  if (names === "group" && schema["type"] === "array") return [name];
  return names === "anything" ? sampleOf(schema) : name;
};

/** Creates an object as a dry run: the API server does everything except storing it. */
export function createDryRun(site: Site, subject: DryRunSubject, object: JsonObject): Promise<ApiReply> {
  const { group, version, resource, namespaced } = subject;
  const namespace = namespaced ? `/namespaces/${site.namespace}` : "";
  return site.api.send({ path: `${rootOf(group, version)}${namespace}/${resource}?dryRun=All`, body: object });
}

/** Whether a webhook or admission policy of ours sets the field. Otherwise an object whose field would have to be set is refused. */
const isSet = ({ ours, inTree }: Site): boolean =>
  Boolean(ours.mutating) || !hasInTreePolicies(inTree) || inTreeSetsField(inTree);

/** The outcome by the rule for an object that the user of the kubeconfig creates. Its questions are asked as SelfSubjectAccessReviews. */
export async function expectedOutcome(site: Site, subject: DryRunSubject, object: JsonObject): Promise<Outcome> {
  const { group, version, resource, kind, namespaced } = subject;
  const request: AdmissionRequest = {
    operation: "CREATE",
    resource: { group, version, resource },
    kind: { group, kind },
    subResource: "",
    namespace: namespaced ? site.namespace : "",
    requester: site.me,
    object,
    oldObject: null,
    exact: () => undefined,
  };
  const judgement = judge(site.policy, request, isSet(site) ? "mutate" : "validate");
  const answers = await Promise.all(judgement.questions.map((question) => mayI(site, question)));
  return conclude(judgement, answers);
}

const mayI = async ({ api }: Site, { resourceAttributes }: ResourceQuestion): Promise<Answer> => {
  const apiVersion = "authorization.k8s.io/v1";
  const reply = await api.send({
    path: `/apis/${apiVersion}/selfsubjectaccessreviews`,
    body: { apiVersion, kind: "SelfSubjectAccessReview", spec: { resourceAttributes } },
  });
  const { status } = reply.body;
  const allowed = isObject(status) ? status["allowed"] : undefined;
  return typeof allowed === "boolean" ? { allowed, reason: "" } : { code: 502, failure: messageOf(reply) };
};

/** The result of a trial: as the rule requires, otherwise, or not judged by our webhooks. */
export type TrialResult = { readonly kind: "right" } | { readonly kind: "wrong" | "not-judged"; readonly why: string };

type Guards = Pick<Site, "wanted" | "ours" | "inTree">;

/** The webhook or admission policy of ours that an error of the API server names. */
const guardNamedIn = ({ wanted, inTree }: Guards, reply: ApiReply): string | undefined => {
  const webhooks = wanted.flatMap((configuration) => configuration.webhooks).map(({ name }) => `webhook "${name}"`);
  const policies = inTree.wanted.map(({ metadata }) => `olicy '${metadata.name}'`);
  return [...webhooks, ...policies].find((name) => messageOf(reply).includes(name));
};

const isDenialBy = (name: string, reply: ApiReply): boolean => {
  const [, after = ""] = messageOf(reply).split(name);
  return /^ denied|^( with binding '[^']*')? denied request: /.test(after);
};

/** Whether our webhooks judged the object, with any result. */
export function isJudged(site: Guards, reply: ApiReply): boolean {
  const name = guardNamedIn(site, reply);
  return reply.status === 201 || (name !== undefined && isDenialBy(name, reply));
}

/** Compares the API server's reply with the outcome by the rule. */
export function compareWithRule(
  site: Guards,
  { target }: Pick<DryRunSubject, "target">,
  object: JsonObject,
  outcome: Outcome,
  reply: ApiReply,
): TrialResult {
  const refused = outcome.decision === "denied" && outcome.enforcement === "enforce";
  if (reply.status !== 201) {
    const why = redactText(messageOf(reply));
    const name = guardNamedIn(site, reply);
    if (name === undefined) return { kind: "not-judged", why };
    return refused && isDenialBy(name, reply) ? { kind: "right" } : { kind: "wrong", why };
  }
  if (refused) return { kind: "wrong", why: `the object was accepted, but the rule refuses it: ${outcome.message}` };
  const written = new Map(outcome.patch.map(({ path, value }) => [path, value]));
  for (const { path } of target.fields)
    for (const { segments, value } of placesOf(reply.body, path)) {
      const pointer = pointerOf(segments);
      const sent = placesOf(object, path).find((place) => pointerOf(place.segments) === pointer)?.value;
      const wanted = written.get(pointer) ?? sent;
      if (JSON.stringify(value) !== JSON.stringify(wanted))
        return {
          kind: "wrong",
          why: `${formatSegments(segments)} is ${shown(value)} in the reply, but must be ${shown(wanted)}`,
        };
    }
  // An admission policy that sets the field sends no warning.
  if (!site.ours.mutating || inTreeSetsField(site.inTree)) return { kind: "right" };
  const missing = outcome.warnings.map(printable).find((warning) => !reply.warnings.includes(warning));
  return missing === undefined ? { kind: "right" } : { kind: "wrong", why: `this warning is missing: ${missing}` };
}

const shown = (value: unknown): string => (value === undefined ? "empty" : JSON.stringify(value));
