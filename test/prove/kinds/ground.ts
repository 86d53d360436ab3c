import type { JsonObject, Policy } from "../../../lib/index.ts";
import { admissionPolicies as generated } from "../../../lib/manifests/index.ts";
import type { Target } from "../../../lib/policy/policy.ts";
import { type ResourceQuestion, readAnswer } from "../../../lib/question/question.ts";
import { minorOf } from "../../cluster/harness/minor-of.ts";
import { applied } from "../../cluster/world/applied.ts";
import { policiesInForce } from "../../cluster/world/policies-in-force.ts";
import { until } from "../../cluster/world/until.ts";
import { type Ground, startGround } from "../worlds/ground.ts";
import { pooled } from "../worlds/pool.ts";
import { randomOf } from "../worlds/random.ts";
import type { KindsCase } from "./case.ts";
import type { Answerer } from "./judged.ts";
import { partsOf } from "./objects.ts";
import { withoutStatusSubresource } from "./policies.ts";
import { kindsVocabulary, storedIn } from "./vocabulary.ts";

/** An object that was there before the admission policies. */
export interface StoredKind {
  readonly target: Target;
  readonly resource: string;
  readonly namespace: string;
  readonly object: JsonObject;
}

/** What the API server answers to a write that it does not store. */
export type Tried =
  | { readonly allowed: true; readonly object: JsonObject }
  | { readonly allowed: false; readonly code: number; readonly message: string };

/** A control plane with one policy's admission policies, and objects that are older than they are. */
export interface KindsGround {
  readonly world: Ground;
  readonly policy: Policy;
  /** Whether the admission policies set fields, or only refuse. */
  readonly sets: boolean;
  readonly stored: readonly StoredKind[];
  readonly tried: (one: KindsCase) => Promise<Tried>;
  readonly answer: Answerer;
  readonly stop: () => Promise<void>;
}

export interface KindsGroundOptions {
  readonly policy: Policy;
  /** Such as `v1.34.8`. */
  readonly version?: string | undefined;
  readonly seed: number;
  /** Other admission policies than ours, which must be found out. */
  readonly twins?: typeof generated;
}

const isClusterScoped = (resource: string): boolean => resource.startsWith("cluster");
export const kindOf = (resource: string): string => `${resource[0]?.toUpperCase()}${resource.slice(1)}`;
const versionOf = ({ versions: [version = "v1"] }: Target): string => (version === "*" ? "v1" : version);

/** One definition for each resource, with every version of its targets. Each stores anything. */
const definitionsOf = (policy: Policy): readonly object[] => {
  const rows = policy.targets.flatMap((target) => target.resources.map((resource) => ({ target, resource })));
  const names = [...new Set(rows.map(({ target, resource }) => `${resource}.${target.group}`))];
  return names.map((name) => {
    const own = rows.filter(({ target, resource }) => `${resource}.${target.group}` === name);
    const [{ resource, target }] = own as [(typeof own)[number]];
    const versions = [...new Set(own.flatMap(({ target: { versions } }) => versions))].map((version) =>
      version.replace("*", "v1"),
    );
    return {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name, annotations: { "api-approved.kubernetes.io": "unapproved, for a test" } },
      spec: {
        group: target.group,
        scope: isClusterScoped(resource) ? "Cluster" : "Namespaced",
        names: { plural: resource, singular: `${resource}one`, kind: kindOf(resource) },
        versions: versions.map((version, index) => ({
          name: version,
          served: true,
          storage: index === 0,
          schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
          ...(withoutStatusSubresource.includes(resource) ? {} : { subresources: { status: {} } }),
        })),
      },
    };
  });
};

const author = (policy: Policy): readonly object[] => {
  const apiGroup = "rbac.authorization.k8s.io";
  const groups = ["system:authenticated", "system:unauthenticated"];
  return [
    {
      apiVersion: `${apiGroup}/v1`,
      kind: "ClusterRole",
      metadata: { name: "prove-kinds" },
      rules: policy.targets.map(({ group, resources }) => ({
        apiGroups: [group],
        resources: resources.flatMap((resource) => [resource, `${resource}/status`]),
        verbs: ["create", "update", "patch"],
      })),
    },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: "prove-kinds" },
      roleRef: { apiGroup, kind: "ClusterRole", name: "prove-kinds" },
      subjects: groups.map((name) => ({ apiGroup, kind: "Group", name })),
    },
  ];
};

export const hasStatusSubresource = (resource: string): boolean => !withoutStatusSubresource.includes(resource);

const storedPerResource = 16;

/** Starts a control plane with the definitions of a policy's resources, stores objects, and puts the admission policies up. */
export const startKindsGround = async ({
  policy,
  version,
  seed,
  twins = generated,
}: KindsGroundOptions): Promise<KindsGround> => {
  const world = await startGround({ version, webhook: false });
  const { plane, as, stop } = world;
  const admin = plane.user("admin");
  const sets = minorOf(world.version) >= 36;
  const pathOf = (resource: KindsCase["write"]["resource"], namespace: string): string =>
    `/apis/${resource.group}/${resource.version}/${namespace && `namespaces/${namespace}/`}${resource.resource}`;
  const resourceOf = (target: Target, resource: string) => ({
    group: target.group,
    version: versionOf(target),
    resource,
  });

  try {
    await applied(plane, [...definitionsOf(policy), ...author(policy)]);
    await world.stage.show([], [storedIn]);
    const rows = policy.targets.flatMap((target) => target.resources.map((resource) => ({ target, resource })));
    for (const { target, resource } of rows)
      await until(
        `${resource} are served`,
        async () => (await plane.api(admin, { path: pathOf(resourceOf(target, resource), "") })).status === 200,
        60_000,
      );
    const random = randomOf(seed, "stored");
    const words = kindsVocabulary("w00000", policy);
    const drafts = rows.flatMap(({ target, resource }) =>
      Array.from({ length: storedPerResource }, (_, index) => ({
        target,
        resource,
        namespace: isClusterScoped(resource) ? "" : storedIn,
        draft: partsWithName(partsOf(random, target, words), `stored-${versionOf(target)}-${index}`),
      })),
    );
    const stored = await pooled(drafts, async ({ draft, ...place }): Promise<StoredKind> => {
      const at = resourceOf(place.target, place.resource);
      const body = { apiVersion: `${at.group}/${at.version}`, kind: kindOf(at.resource), ...draft };
      const path = pathOf(at, place.namespace);
      const created = await plane.api(admin, { method: "POST", path, body });
      if (created.status !== 201) throw new Error(created.text);
      if (!hasStatusSubresource(at.resource) || draft.status === undefined) return { ...place, object: created.body };
      const name = `${created.body.metadata.name}`;
      const withStatus = { ...created.body, status: draft.status };
      const written = await plane.api(admin, { method: "PUT", path: `${path}/${name}/status`, body: withStatus });
      // A status that is not an object cannot be stored.
      return { ...place, object: written.status === 200 ? written.body : created.body };
    });

    const policies = twins(policy).filter(({ kind }) => sets || kind.startsWith("Validating"));
    await applied(plane, policies);
    // The policy that sets may be in force later than the one that refuses, which the probes ask.
    if (sets) await policiesInForce(plane);

    const tried = async ({ requester, write }: KindsCase): Promise<Tried> => {
      const { sort, resource, namespace, sent, before } = write;
      const name = (before?.["metadata"] as { readonly name?: string } | undefined)?.name;
      const suffix = sort === "create" ? "" : `/${name}${sort === "status" ? "/status" : ""}`;
      const { status, body, text } = await as(requester, {
        method: sort === "create" ? "POST" : "PUT",
        path: `${pathOf(resource, namespace)}${suffix}?dryRun=All`,
        body: { apiVersion: `${resource.group}/${resource.version}`, kind: kindOf(resource.resource), ...sent },
      });
      if (status === 200 || status === 201) return { allowed: true, object: body };
      if (status === 403 || status === 422) return { allowed: false, code: status, message: String(body.message) };
      throw new Error(`${JSON.stringify(write)} of ${requester.name}: ${status} ${text}`);
    };
    const answer: Answerer = (questions) =>
      pooled(questions, async (question: ResourceQuestion) => readAnswer((await world.review(question)).body), 4);

    // An admission policy refuses an object whose field lies in a text. A field in the metadata or the status alone cannot be tried so.
    const probes = rows.flatMap((row) => {
      const odd = oddPart(row.target);
      return odd ? [{ ...row, odd }] : [];
    });
    for (const { target, resource, odd } of probes)
      await until(
        `the admission policy of ${resource} is in force`,
        async () => {
          const sent = partsWithName(odd, "probe");
          const requester = { name: "prove-nobody", groups: [], extra: {} };
          const at = resourceOf(target, resource);
          const namespace = isClusterScoped(resource) ? "" : storedIn;
          const write = { sort: "create", resource: at, namespace, sent, after: sent } as const;
          return !(await tried({ requester, target, write })).allowed;
        },
        60_000,
      );
    return { world, policy, sets, stored, tried, answer, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** A text in place of the part of an object that holds a field. */
const oddPart = ({ fields }: Target): JsonObject | undefined => {
  const keys = fields.flatMap(({ path: [first] }) => (typeof first === "object" ? [first.key] : []));
  const key = keys.find((each) => each !== "metadata" && each !== "status");
  return key === undefined ? undefined : { [key]: "odd" };
};

type Named = JsonObject & { readonly status?: unknown; readonly metadata: JsonObject };

/** A random object with a name. */
export const partsWithName = (parts: JsonObject, name: string): Named => ({
  ...parts,
  metadata: { ...(parts["metadata"] as object), name },
});
