import { type ControlPlane, startControlPlane } from "../../cluster/control-plane.ts";
import type { ApiResponse } from "../../cluster/harness/api-client.ts";
import type { Caller } from "../../cluster/harness/caller.ts";
import { type Guard, installFunction } from "../../cluster/world/install-policy.ts";
import { until } from "../../cluster/world/until.ts";
import { webhookUser } from "../../cluster/world/users.ts";
import { type Artifacts, serveArtifacts } from "./artifacts.ts";
import { type FluxController, installFluxResources, startFlux } from "./flux.ts";
import type { Controller } from "./start-controller.ts";
import { makeTenant } from "./tenant.ts";
import { type Write, type WriteFilter, writesSince } from "./writes.ts";

export interface FluxObject {
  readonly apiVersion: string;
  readonly kind: "Kustomization" | "HelmRelease";
  readonly metadata: { readonly name: string; readonly namespace: string; readonly [member: string]: unknown };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A cluster with a Flux controller at work, and a tenant `team`. */
export interface FluxGround {
  readonly plane: ControlPlane;
  readonly flux: Controller;
  readonly artifacts: Artifacts;
  readonly create: (who: string, object: FluxObject) => Promise<ApiResponse>;
  /** Merges a patch into an object. */
  readonly edit: (who: string, object: FluxObject, patch: object) => Promise<ApiResponse>;
  readonly remove: (who: string, object: FluxObject) => Promise<ApiResponse>;
  /** The object as it is stored; undefined where it is not. */
  // biome-ignore lint/suspicious/noExplicitAny: an API object of any kind
  readonly stored: (path: string) => Promise<any>;
  /** Waits until the controller has said how it went with the object's newest generation, and returns that condition. */
  readonly settled: (object: FluxObject, as: Partial<Condition>) => Promise<Condition>;
  /** Asks for a reconciliation as `flux reconcile` does, and waits until the controller has handled it. */
  readonly reconciled: (who: string, object: FluxObject) => Promise<void>;
  /** Creates an object with content, and waits until the controller has applied it. */
  readonly deployed: (who: string, object: FluxObject, content: readonly object[]) => Promise<void>;
  /** The writes that were stored, dry runs left out. */
  readonly stores: (filter: WriteFilter, from?: number) => readonly Write[];
  /** Waits until the audit log has a stored write. */
  readonly store: (filter: WriteFilter, from?: number) => Promise<Write>;
  /** Guards the cluster by the function. Only one guard at a time. */
  readonly guard: (policy: object) => Promise<Guard>;
  readonly stop: () => Promise<void>;
}

export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
}

const plurals = { Kustomization: "kustomizations", HelmRelease: "helmreleases" } as const;

export const collectionOf = ({ apiVersion, kind, metadata: { namespace } }: FluxObject): string =>
  `/apis/${apiVersion}/namespaces/${namespace}/${plurals[kind]}`;

export const pathOf = (object: FluxObject): string => `${collectionOf(object)}/${object.metadata.name}`;

export const configMap = (namespace: string, name: string, data: Readonly<Record<string, string>> = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
  data,
});

/** The manifests of the GitRepository of the same name, applied again soon after a failure. */
export const kustomization = (namespace: string, name: string, spec: object = {}): FluxObject => ({
  apiVersion: "kustomize.toolkit.fluxcd.io/v1",
  kind: "Kustomization",
  metadata: { name, namespace },
  spec: {
    ...{ interval: "1h", retryInterval: "2s", timeout: "20s", prune: true, path: "./" },
    sourceRef: { kind: "GitRepository", name },
    ...spec,
  },
});

/** The HelmChart of the same name. */
export const helmRelease = (namespace: string, name: string, spec: object = {}): FluxObject => ({
  apiVersion: "helm.toolkit.fluxcd.io/v2",
  kind: "HelmRelease",
  metadata: { name, namespace },
  spec: {
    ...{ interval: "1h", timeout: "20s", chartRef: { kind: "HelmChart", name } },
    // Nothing makes pods ready here.
    install: { disableWait: true, remediation: { retries: 1 } },
    upgrade: { disableWait: true },
    uninstall: { disableWait: true },
    ...spec,
  },
});

/**
 * The tenant. alice and dave write its objects, and so do its service accounts. alice may impersonate deployer and default, deployer may
 * impersonate runner, dave may impersonate no user.
 */
export const team = "team";
/** A user who may do everything, and whose credentials only kubeconfigs in Secrets have. */
export const remote = "remote";
/** The username of an account of the tenant. */
export const accountOf = (name: string): string => `system:serviceaccount:${team}:${name}`;
export const kustomizeController = "system:serviceaccount:flux-system:kustomize-controller";
export const helmController = "system:serviceaccount:flux-system:helm-controller";
const fluxGroups = ["kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io", "source.toolkit.fluxcd.io"];

/** @param apiGroups more groups whose resources the tenant writes */
export const startFluxGround = async (
  controller: FluxController,
  flags: readonly string[] = [],
  apiGroups: readonly string[] = [],
): Promise<FluxGround> => {
  const plane = await startControlPlane({
    users: [
      ...["alice", "dave", webhookUser].map((name) => ({ name })),
      // The user of kubeconfigs in Secrets.
      { name: remote, groups: ["system:masters"] },
    ],
  });
  const started: { stop: () => Promise<void> }[] = [plane];
  const stop = async (): Promise<void> => {
    for (const each of started.toReversed()) await each.stop();
  };
  try {
    await installFluxResources(plane, controller);
    await makeTenant(plane, {
      namespace: team,
      apiGroups: [...fluxGroups, ...apiGroups],
      authors: ["alice", "dave"],
      accounts: ["deployer", "builder", "runner", "default"],
      mayImpersonate: [
        { who: "alice", account: "deployer" },
        { who: "alice", account: "default" },
        { who: "deployer", account: "runner" },
      ],
    });
    const artifacts = await serveArtifacts(plane);
    started.push(artifacts);
    const flux = await startFlux(plane, controller, flags);
    started.push(flux);
    return { plane, flux, artifacts, stop, ...verbs(plane, artifacts, probes[controller]) };
  } catch (error) {
    await stop();
    throw error;
  }
};

type Verbs = Omit<FluxGround, "plane" | "flux" | "artifacts" | "stop">;

const probes = { "kustomize-controller": kustomization, "helm-controller": helmRelease } as const;

const verbs = (plane: ControlPlane, artifacts: Artifacts, probe: typeof kustomization): Verbs => {
  const admin = plane.user("admin");
  const as = (who: string): Caller => plane.user(who);
  const stored: FluxGround["stored"] = async (path) => {
    const { status, body } = await plane.api(admin, { path });
    return status === 200 ? body : undefined;
  };
  const edit: FluxGround["edit"] = (who, object, patch) =>
    plane.api(as(who), {
      method: "PATCH",
      path: pathOf(object),
      contentType: "application/merge-patch+json",
      body: patch,
    });
  const settled: FluxGround["settled"] = (object, wanted) => {
    let last: unknown;
    return until(`${pathOf(object)} is ${JSON.stringify(wanted)}`, async () => {
      const { metadata, status } = (await stored(pathOf(object))) ?? {};
      const ready = status?.conditions?.find(({ type }: Condition) => type === "Ready");
      last = ready;
      const isNewest = ready?.observedGeneration === metadata?.generation;
      const isWanted = Object.entries(wanted).every(([key, value]) => String(ready?.[key]).includes(String(value)));
      return ready && isNewest && isWanted ? (ready as Condition) : undefined;
    }).catch((error: Error) => {
      throw new Error(`${error.message}; last: ${JSON.stringify(last)}`);
    });
  };
  const create: FluxGround["create"] = (who, object) =>
    plane.api(as(who), { method: "POST", path: collectionOf(object), body: object });
  const stores: FluxGround["stores"] = (filter, from = 0) =>
    writesSince(plane, from, filter).filter(
      ({ code, event }) => code < 300 && !event.requestURI.includes("dryRun=All"),
    );
  return {
    stored,
    edit,
    create,
    settled,
    stores,
    store: (filter, from) => until(`the audit log has ${JSON.stringify(filter)}`, async () => stores(filter, from)[0]),
    deployed: async (who, object, content) => {
      await (object.kind === "HelmRelease" ? artifacts.publishChart : artifacts.publish)(object.metadata, content);
      const { status, text } = await create(who, object);
      if (status !== 201) throw new Error(text);
      await settled(object, { status: "True" });
    },
    remove: (who, object) => plane.api(as(who), { method: "DELETE", path: pathOf(object) }),
    reconciled: async (who, object) => {
      const at = new Date().toISOString();
      const { status, text } = await edit(who, object, {
        metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": at } },
      });
      if (status !== 200) throw new Error(text);
      await until(
        `${pathOf(object)} is reconciled`,
        async () => (await stored(pathOf(object)))?.status?.lastHandledReconcileAt === at,
      );
    },
    guard: (policy) =>
      installFunction(
        plane,
        policy,
        [
          { who: "alice", serviceAccountName: "deployer" },
          { who: "dave", serviceAccountName: "deployer" },
        ].map(({ who, serviceAccountName }) => {
          const object = probe(team, "probe", { serviceAccountName });
          return { who, collection: collectionOf(object), object };
        }),
      ),
  };
};
