import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { serve } from "../../../infra/local/serve.ts";
import { admissionPolicies, askerRoles, webhookConfigurations } from "../../../lib/manifests/index.ts";
import { readPolicy } from "../../../lib/policy/index.ts";
import type { ControlPlane } from "../control-plane.ts";
import { applied } from "./applied.ts";
import { type Call, countCalls } from "./count-calls.ts";
import { policiesInForce } from "./policies-in-force.ts";
import { until } from "./until.ts";
import { webhookUser } from "./users.ts";

/** A new object that a user tries to create, as a dry run. */
export interface Probe {
  readonly who: string;
  /** The path of its collection. */
  readonly collection: string;
  readonly object: object;
}

/** The guard of a cluster for a policy: the function behind its webhooks, or the admission policies. */
export interface Guard {
  /** The calls of the API server so far; admission policies cause no calls. */
  readonly calls: () => readonly Call[];
  /** From now on the function does not answer. Its registration stays, and calls are counted. */
  readonly stop: () => Promise<void>;
  readonly uninstall: () => Promise<void>;
}

const tried = ({ who, collection, object }: Probe, plane: ControlPlane) =>
  plane.api(plane.user(who), { method: "POST", path: `${collection}?dryRun=All`, body: object });

/**
 * Serves a policy and registers the unchanged webhooks that the library generates for it.
 *
 * @param probes one reaches mutate, and one that mutate lets pass reaches validate
 */
export const installFunction = async (
  plane: ControlPlane,
  policy: object,
  probes: readonly Probe[],
): Promise<Guard> => {
  const file = (name: string, text: string): string => {
    const path = join(plane.connection.folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const server = await serve({
    port: 0,
    kubeconfig: file("webhook-kubeconfig.json", plane.kubeconfig(plane.user(webhookUser))),
    policy: file("policy.json", JSON.stringify(policy)),
    log: () => {},
  });
  const front = await countCalls(server.url, server.ca ?? "");
  const configurations = webhookConfigurations({
    policy: readPolicy(policy),
    client: { url: front.url },
    caBundle: Buffer.from(front.ca).toString("base64"),
  });
  await applied(plane, [...askerRoles(webhookUser), ...configurations]);
  const called = async (): Promise<number> => {
    const before = front.calls.length;
    await Promise.all(probes.map((probe) => tried(probe, plane)));
    return new Set(front.calls.slice(before).map(({ endpoint }) => endpoint)).size;
  };
  await until("the API server calls both endpoints", async () => (await called()) === 2);
  let running = true;
  const stop = async (): Promise<void> => {
    if (running) await server.close();
    running = false;
  };
  return {
    calls: () => front.calls,
    stop,
    uninstall: async () => {
      const kinds = "mutatingwebhookconfiguration,validatingwebhookconfiguration";
      await plane.kubectl(plane.user("admin"), ["delete", kinds, configurations[0].metadata.name]);
      await until("the API server calls no webhook", async () => (await called()) === 0);
      await Promise.all([stop(), front.stop()]);
    },
  };
};

/**
 * Applies the admission policies that the library generates for a policy.
 *
 * @param probes an unguarded API server accepts them, and every guarded resource refuses one of them
 */
export const installTwins = async (plane: ControlPlane, policy: object, probes: readonly Probe[]): Promise<Guard> => {
  const objects = admissionPolicies(readPolicy(policy));
  const refused = async (): Promise<number> => {
    const answers = await Promise.all(probes.map((probe) => tried(probe, plane)));
    return answers.filter(({ body }) => String(body.message).includes("ValidatingAdmissionPolicy")).length;
  };
  await applied(plane, objects);
  await policiesInForce(plane);
  await until("the API server judges by the policies", async () => (await refused()) === probes.length);
  return {
    calls: () => [],
    stop: async () => {},
    uninstall: async () => {
      const names = objects.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`);
      await plane.kubectl(plane.user("admin"), ["delete", ...names]);
      await policiesInForce(plane);
      await until("the API server has forgotten the policies", async () => (await refused()) === 0);
    },
  };
};

/**
 * Both guards, each of which a table of tests is run against.
 *
 * @param passes a probe that both endpoints of the function let pass
 * @param refused a probe for each guarded resource, which is refused
 */
export const bothGuards = (plane: ControlPlane, policy: object, passes: Probe, refused: readonly Probe[]) =>
  [
    { by: "the function", install: () => installFunction(plane, policy, [passes, ...refused]) },
    { by: "the admission policies", install: () => installTwins(plane, policy, refused) },
  ] as const;
