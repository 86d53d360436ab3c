import { join } from "node:path";
import type { Ask } from "../../functions/cluster/ask.ts";
import type { KeyHash } from "../../functions/webhook/caller-key.ts";
import type { WebhookCluster } from "../../functions/webhook/webhook-cluster.ts";
import type { Bundle } from "../build/load-bundle.ts";
import { naming } from "../command-line/files.ts";
import { root } from "../command-line/installation.ts";
import { chooseContext } from "../command-line/kubeconfig-files.ts";
import { policyOf } from "../command-line/policy-of.ts";
import { UsageError } from "../command-line/usage.ts";
import { answerFromManifests } from "./answer-from-manifests.ts";

/** Who answers the questions of a local run: RBAC manifests on disk, or a cluster of a kubeconfig. */
export interface LocalOptions {
  /** Files of RBAC manifests, YAML or JSON. Without these, a kubeconfig and a context: events/rbac.yaml. */
  readonly rbac?: readonly string[] | undefined;
  /** Absent where a context is named: the kubeconfigs that kubectl reads by default. */
  readonly kubeconfig?: string | undefined;
  /** Absent: the kubeconfig's current context. */
  readonly context?: string | undefined;
  /** The name of a built-in policy, or a file that holds one. Absent: razee. */
  readonly policy?: string | undefined;
}

/** The manifests that answer where no others and no cluster are named. */
const sampleManifests = join(root, "events/rbac.yaml");

/** The cluster that local commands judge for. Files that the options name are read, and refused, before a bundle is built. */
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

/** A cluster is asked only where an option names it, never because a kubeconfig happens to be there. */
const asksCluster = ({ kubeconfig, context }: LocalOptions): boolean =>
  kubeconfig !== undefined || context !== undefined;

const askOf = (options: LocalOptions): ((bundle: Bundle) => Ask) => {
  const { rbac, kubeconfig, context } = options;
  if (!asksCluster(options)) {
    const ask = answerFromManifests(rbac ?? [sampleManifests]);
    return () => ask;
  }
  if (rbac !== undefined)
    throw new UsageError(
      `--rbac and ${kubeconfig === undefined ? "--context" : "--kubeconfig"}: only one of them can answer`,
    );
  return askCluster(kubeconfig, context);
};

const askCluster = (file: string | undefined, name: string | undefined): ((bundle: Bundle) => Ask) => {
  const { kubeconfig, context, origin } = chooseContext(file, name);
  return (bundle) => naming(origin, () => bundle.askOf(bundle.openConnection(kubeconfig, context)));
};

/** Who answers, in words. */
export function describeAsk(options: LocalOptions): string {
  const { rbac, kubeconfig, context } = options;
  return asksCluster(options)
    ? `asking ${context ?? "the current context"} of ${kubeconfig ?? "the kubeconfig that kubectl takes"}`
    : `answering from ${rbac?.join(", ") ?? "events/rbac.yaml"}`;
}
