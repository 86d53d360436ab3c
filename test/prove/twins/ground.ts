import { admissionPolicies as generated } from "../../../lib/manifests/index.ts";
import { type Policy, readPolicy } from "../../../lib/policy/index.ts";
import { presets, targetsOf } from "../../../lib/presets/index.ts";
import { minorOf } from "../../cluster/harness/minor-of.ts";
import { applied } from "../../cluster/world/applied.ts";
import { until } from "../../cluster/world/until.ts";
import { installWebhook } from "../../cluster/world/webhook.ts";
import { type Ground, startGround } from "../worlds/ground.ts";
import { pooled } from "../worlds/pool.ts";
import { Unstorable } from "../worlds/stage.ts";
import {
  boundTo,
  type Guard,
  guardedBy,
  guards,
  namespaces,
  nobody,
  probed,
  probedDeployment,
  refusedProbes,
  setProbes,
} from "./guards.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { controller, statusWriter } from "./parts.ts";
import { unguarded } from "./stored.ts";
import { annotation, type Case, identityIn, razeePlurals, requestOf, type Stored, type Write } from "./write.ts";

/** A control plane with the function and the twins, each of which guards two of three namespaces. */
export interface TwinsGround {
  readonly world: Ground;
  /** Whether the twins set the field, or only refuse. */
  readonly sets: boolean;
  /** Stores an object in every namespace, as the administrator. */
  readonly store: (object: Stored) => Promise<void>;
  /** Writes in one namespace, and nothing is stored. */
  readonly tried: (one: Case, guard: Guard) => Promise<Outcome>;
  readonly stop: () => Promise<void>;
}

export interface TwinsGroundOptions {
  /** Such as `v1.35.6`; default: the one that the cluster suite runs on. */
  readonly version?: string | undefined;
  /** A policy that sets nothing and refuses instead. Always so before 1.36, which knows no MutatingAdmissionPolicy. */
  readonly strict?: boolean;
  /** Other twins than ours, to see that they are found out. */
  readonly twins?: typeof generated;
}

const knowsMutating = (version: string): boolean => minorOf(version) >= 36;

/** A MutatingAdmissionPolicy finds the kinds of new definitions only after a while. */
const isNotKnownYet = ({ status, body }: { readonly status: number; readonly body: { readonly message?: string } }) =>
  status === 503 && /not found\. There can be a delay/.test(body.message ?? "");

/** A built-in kind whose annotation names an identity, which is refused where it is forbidden, and may be left away. */
const deployments = {
  group: "apps",
  versions: ["v1"],
  resources: ["deployments"],
  fields: [`metadata.annotations["${annotation}"]`],
  onForbidden: "deny",
  onEmpty: "allow",
  emptyIsUnprivileged: true,
};

const isRefused = (outcome: Outcome): boolean => !outcome.allowed;

/** Starts a control plane, stores what no guard would let in, and puts the guards up. */
export const startTwinsGround = async ({
  version,
  strict,
  twins = generated,
}: TwinsGroundOptions = {}): Promise<TwinsGround> => {
  const world = await startGround({ version, webhook: false, plurals: Object.values(razeePlurals) });
  const { plane, as } = world;
  const admin = plane.user("admin");
  const sets = !strict && knowsMutating(world.version);
  const versions = new Map<string, string>();
  let uninstall = async (): Promise<void> => {};
  const stop = (): Promise<void> => uninstall().finally(world.stop);

  const written = async (write: Write, namespace: string): Promise<void> => {
    const { status, body, text } = await plane.api(admin, requestOf(write, namespace, { dryRun: false }));
    // A counterexample that is made smaller may come to an object that the API server does not store.
    if (status === 422) throw new Unstorable(`${namespace}/${write.name}: ${text}`);
    if (status !== 200 && status !== 201) throw new Error(`${namespace}/${write.name}: ${text}`);
    versions.set(`${namespace}/${write.name}`, body.metadata.resourceVersion);
  };
  /** A run before this one may have left one of that name. */
  const removed = async (write: Write, namespace: string): Promise<void> => {
    if (!versions.has(`${namespace}/${write.name}`)) return;
    const { path } = requestOf({ ...write, by: "put" }, namespace, { dryRun: false });
    const { status, text } = await plane.api(admin, { method: "DELETE", path });
    if (status !== 200 && status !== 404) throw new Error(`${namespace}/${write.name}: ${text}`);
  };
  const store = async ({ kind, name, annotations, spec, status }: Stored): Promise<void> => {
    const version = kind === "Deployment" ? "v1" : "v1alpha2";
    const own = annotations ? { annotations } : {};
    const write: Write = { sort: "create", what: "store", kind, version, name, by: "post", spec, ...own };
    for (const namespace of guards) {
      await removed(write, namespace);
      await written(write, namespace);
      if (status) await written({ ...write, sort: "status", by: "merge", spec: {}, status }, namespace);
    }
  };
  const tried = async ({ requester, write }: Case, guard: Guard): Promise<Outcome> => {
    const resourceVersion = versions.get(`${guard}/${write.name}`);
    const request = requestOf(write, guard, { dryRun: true, resourceVersion });
    try {
      return outcomeOf(await as(requester, request));
    } catch (error) {
      throw new Error(`${JSON.stringify(write)} of ${requester.name}, ${guard}`, { cause: error });
    }
  };

  try {
    await applied(plane, namespaces);
    await pooled([...unguarded, probed, probedDeployment], store);

    const rule = sets ? {} : { onForbidden: "deny", onEmpty: "deny" };
    const members = {
      targets: [
        { ...targetsOf(presets.razee, { controller })[0], ...rule, statusWriters: [statusWriter] },
        deployments,
      ],
    };
    const policy: Policy = readPolicy({ name: "razee", ...members });
    const namespaceLabels = { [guardedBy.function]: "yes" };
    uninstall = (await installWebhook(plane, { policy: members, namespaceLabels })).uninstall;

    const served = twins(policy);
    await applied(plane, boundTo(guardedBy.twins, served));
    const isSet = (outcome: Outcome, { kind }: Write): boolean =>
      outcome.allowed && identityIn(kind, outcome.object) === nobody.name;
    const judged = async (
      probes: Readonly<Record<string, Write>>,
      isJudged: (outcome: Outcome, write: Write) => boolean,
    ): Promise<void> => {
      for (const [twin, write] of Object.entries(probes))
        await until(
          `the API server judges by the twin that is called ${twin}`,
          async () => {
            const response = await as(nobody, requestOf(write, "by-twins", { dryRun: true }));
            return !isNotKnownYet(response) && isJudged(outcomeOf(response), write);
          },
          60_000,
        );
    };
    await judged(refusedProbes, isRefused);
    // The twin that refuses may be in effect before the one that sets: a refusal says nothing of the latter.
    await judged(setProbes, sets ? isSet : isRefused);
    return { world, sets, store, tried, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
