import { fileURLToPath } from "node:url";
import type { Ask } from "../../functions/cluster/ask.ts";
import { defaultPolicy, policies } from "../../functions/policies/index.ts";
import type { KeyHash } from "../../functions/webhook/caller-key.ts";
import type { WebhookCluster } from "../../functions/webhook/webhook-cluster.ts";
import { type Policy, readPolicy } from "../../lib/policy/index.ts";
import { authorize, readWorld } from "../../lib/rbac/index.ts";
import type { Bundle } from "../build/load-bundle.ts";
import { documentIn, documentsIn, naming } from "../command-line/files.ts";
import { chooseContext } from "../command-line/kubeconfig-files.ts";
import { UsageError } from "../command-line/usage.ts";

export { naming, readText } from "../command-line/files.ts";

/** Who answers the questions of a local run: RBAC manifests on disk, or a cluster of a kubeconfig. */
export interface LocalOptions {
  /** Files of RBAC manifests, YAML or JSON. Without these, a kubeconfig and a context: events/rbac.yaml. */
  readonly rbac?: readonly string[] | undefined;
  /** Absent where a context is named: the kubeconfigs that kubectl would take. */
  readonly kubeconfig?: string | undefined;
  /** Absent: the kubeconfig's current context. */
  readonly context?: string | undefined;
  /** The name of a policy that is built in, or a file that holds one. Absent: razee. */
  readonly policy?: string | undefined;
}

/** The manifests that answer where nothing else is named. */
const sampleWorld = fileURLToPath(new URL("../../events/rbac.yaml", import.meta.url));

/** The cluster that local commands judge for: what the user named is read at once, and complained of before anything is built. */
export function localCluster(options: LocalOptions) {
  const policy = policyOf(options.policy);
  const asking = askOf(options);
  return (bundle: Bundle, keys: readonly KeyHash[] = []): WebhookCluster => ({
    name: "local",
    keys,
    policy,
    ask: asking(bundle),
  });
}

/** Whether a cluster is asked. The sample roles answer where a user asks for none: a cluster is nothing to meet by accident. */
const asksCluster = ({ kubeconfig, context }: LocalOptions): boolean =>
  kubeconfig !== undefined || context !== undefined;

const askOf = (options: LocalOptions): ((bundle: Bundle) => Ask) => {
  const { rbac, kubeconfig, context } = options;
  if (!asksCluster(options)) return askManifests(rbac ?? [sampleWorld]);
  if (rbac !== undefined)
    throw new UsageError(
      `--rbac and ${kubeconfig === undefined ? "--context" : "--kubeconfig"}: only one of them can answer`,
    );
  return askCluster(kubeconfig, context);
};

/** Who answers, in words. */
export function describeAsk(options: LocalOptions): string {
  const { rbac, kubeconfig, context } = options;
  return asksCluster(options)
    ? `asking ${context ?? "the current context"} of ${kubeconfig ?? "the kubeconfig that kubectl takes"}`
    : `answering from ${rbac?.join(", ") ?? "events/rbac.yaml"}`;
}

const askManifests = (files: readonly string[]): (() => Ask) => {
  const world = naming(files.join(", "), () => readWorld(files.flatMap(rbacIn)));
  return () => async (questions) => questions.map((question) => authorize(world, question));
};

/** The documents of a file. One without RBAC would answer no to every question, as if that had been looked up. */
const rbacIn = (file: string): readonly unknown[] => {
  const documents = documentsIn(file);
  const { roles, clusterRoles, roleBindings, clusterRoleBindings } = naming(file, () => readWorld(documents));
  if (roles.size + clusterRoles.size + roleBindings.length + clusterRoleBindings.length === 0)
    throw new UsageError(
      `--rbac ${file} holds no Role, ClusterRole, RoleBinding or ClusterRoleBinding of rbac.authorization.k8s.io`,
    );
  return documents;
};

const askCluster = (file: string | undefined, name: string | undefined): ((bundle: Bundle) => Ask) => {
  const { kubeconfig, context, origin } = chooseContext(file, name);
  return (bundle) => naming(origin, () => bundle.askOf(bundle.openConnection(kubeconfig, context)));
};

/** A policy by its name, or from a file. */
export function policyOf(nameOrFile: string = defaultPolicy): Policy {
  const builtIn = policies.get(nameOrFile);
  if (builtIn) return builtIn;
  if (!/[./\\]/.test(nameOrFile))
    throw new UsageError(
      `there is no policy ${nameOrFile}; built in are ${[...policies.keys()].join(", ")}, or give a file`,
    );
  return naming(nameOrFile, () => readPolicy(documentIn(nameOrFile)));
}
