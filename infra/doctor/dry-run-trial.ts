import { type AdmissionRequest, conclude, judge, type Outcome } from "../../lib/decision/index.ts";
import { isHeaderSafe } from "../../lib/identity/index.ts";
import { printable } from "../../lib/meta/index.ts";
import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import { formatSegments, placesOf, pointerOf } from "../../lib/policy/path.ts";
import { type Target, targetOf } from "../../lib/policy/policy.ts";
import type { Answer, Question } from "../../lib/question/index.ts";
import { type ApiReply, messageOf } from "../cluster/api-client.ts";
import { rootOf } from "../cluster/discovery.ts";
import { isInTree, setsInTree } from "./admission-policies.ts";
import { scrubbed } from "./redact.ts";
import { sampleOf, schemaOf, withField } from "./sample-object.ts";
import type { Site } from "./site.ts";

/** What a trial declares. */
export type Declaration = "own name" | "no name" | "other name";

/** One resource that can be tried. */
export interface DryRunSubject {
  readonly target: Target;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Who nobody is called, so that nobody is allowed to be. */
const stranger = "impersonation-admission-doctor";

/** The resources of the policy that the cluster serves, each in its preferred version. */
export function subjectsOf({ policy, served }: Site): readonly DryRunSubject[] {
  return [...served].flatMap(([group, resources]) =>
    [...resources].flatMap(([resource, versions]) => {
      const first = versions
        .map((each) => ({ ...each, target: targetOf(policy, { group, version: each.version, resource }) }))
        .find(({ target }) => target !== undefined);
      return first?.target ? [{ ...first, target: first.target, group, resource }] : [];
    }),
  );
}

/** What a person can declare in a resource: themselves only where the field holds usernames, and theirs is one that may stand there. */
export function declarationsFor({ me }: Site, { target }: DryRunSubject): readonly Declaration[] {
  return [
    ...(target.fields.some(({ serviceAccount }) => serviceAccount) ||
    !isHeaderSafe(me.username) ||
    Object.hasOwn(target.privileged, me.username)
      ? []
      : (["own name"] as const)),
    "no name",
    "other name",
  ];
}

/** The object that is sent. */
export async function objectFor(site: Site, subject: DryRunSubject, declaration: Declaration): Promise<JsonObject> {
  const { group, version, resource, kind, target } = subject;
  const schema = schemaOf(await site.definition(`${resource}.${group}`), version);
  const value = { "own name": site.me.username, "no name": undefined, "other name": stranger }[declaration];
  const least = sampleOf({ ...schema, type: "object" });
  const body = target.fields.reduce((object, { path }) => withField(object, schema, path, value), least);
  const given = isObject(body) ? body : {};
  return {
    ...given,
    apiVersion: group === "" ? version : `${group}/${version}`,
    kind,
    metadata: { ...(isObject(given["metadata"]) ? given["metadata"] : {}), generateName: `${stranger}-` },
  };
}

/** Creates an object as a dry run: everything happens but that it is stored. */
export function dryRun(site: Site, subject: DryRunSubject, object: JsonObject): Promise<ApiReply> {
  const { group, version, resource, namespaced } = subject;
  const namespace = namespaced ? `/namespaces/${site.namespace}` : "";
  return site.api.send({ path: `${rootOf(group, version)}${namespace}/${resource}?dryRun=All`, body: object });
}

/** Whether anything of ours sets the field. Where nothing does, what would be set is refused. */
const isSet = ({ ours, inTree }: Site): boolean => Boolean(ours.mutating) || !isInTree(inTree) || setsInTree(inTree);

/** What the rule says of an object that the user of the kubeconfig creates. Its questions are the user's own (SelfSubjectAccessReview). */
export async function expected(site: Site, subject: DryRunSubject, object: JsonObject): Promise<Outcome> {
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

const mayI = async ({ api }: Site, { resourceAttributes }: Question): Promise<Answer> => {
  const apiVersion = "authorization.k8s.io/v1";
  const reply = await api.send({
    path: `/apis/${apiVersion}/selfsubjectaccessreviews`,
    body: { apiVersion, kind: "SelfSubjectAccessReview", spec: { resourceAttributes } },
  });
  const { status } = reply.body;
  const allowed = isObject(status) ? status["allowed"] : undefined;
  return typeof allowed === "boolean" ? { allowed, reason: "" } : { code: 502, failure: messageOf(reply) };
};

/** How a trial ended: as the rule says, otherwise, or before our webhooks could say anything. */
export type Ending = { readonly kind: "right" } | { readonly kind: "wrong" | "prevented"; readonly why: string };

type Ours = Pick<Site, "wanted" | "ours" | "inTree">;

/** The webhook or admission policy of ours that an error is about, by the name that the API server gives with it. */
const blamed = ({ wanted, inTree }: Ours, reply: ApiReply): string | undefined => {
  const webhooks = wanted.flatMap((configuration) => configuration.webhooks).map(({ name }) => `webhook "${name}"`);
  const policies = inTree.wanted.map(({ metadata }) => `olicy '${metadata.name}'`);
  return [...webhooks, ...policies].find((name) => messageOf(reply).includes(name));
};

const isDenialBy = (name: string, reply: ApiReply): boolean => {
  const [, after = ""] = messageOf(reply).split(name);
  return /^ denied|^( with binding '[^']*')? denied request: /.test(after);
};

/** Whether our webhooks had their say, whatever it was. */
export function isAnswered(site: Ours, reply: ApiReply): boolean {
  const name = blamed(site, reply);
  return reply.status === 201 || (name !== undefined && isDenialBy(name, reply));
}

/** Compares what came back with what the rule says. */
export function endingOf(
  site: Ours,
  { target }: Pick<DryRunSubject, "target">,
  object: JsonObject,
  outcome: Outcome,
  reply: ApiReply,
): Ending {
  const refused = outcome.decision === "denied" && outcome.enforcement === "enforce";
  if (reply.status !== 201) {
    const why = scrubbed(messageOf(reply));
    const name = blamed(site, reply);
    if (name === undefined) return { kind: "prevented", why };
    return refused && isDenialBy(name, reply) ? { kind: "right" } : { kind: "wrong", why };
  }
  if (refused) return { kind: "wrong", why: `the object was accepted, but the rule refuses it: ${outcome.message}` };
  const written = new Map(outcome.patch.map(({ path, value }) => [path, value]));
  for (const { path } of target.fields)
    for (const { segments, value } of placesOf(reply.body, path)) {
      const pointer = pointerOf(segments);
      const sent = placesOf(object, path).find((place) => pointerOf(place.segments) === pointer)?.value;
      const rightly = written.get(pointer) ?? sent;
      if (value !== rightly)
        return {
          kind: "wrong",
          why: `${formatSegments(segments)} is ${shown(value)} in the reply, but must be ${shown(rightly)}`,
        };
    }
  // An admission policy that sets the field says nothing of it.
  if (!site.ours.mutating || setsInTree(site.inTree)) return { kind: "right" };
  const unsaid = outcome.warnings.map(printable).find((warning) => !reply.warnings.includes(warning));
  return unsaid === undefined ? { kind: "right" } : { kind: "wrong", why: `this warning is missing: ${unsaid}` };
}

const shown = (value: unknown): string => (value === undefined ? "empty" : JSON.stringify(value));
