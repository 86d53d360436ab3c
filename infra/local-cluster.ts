import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import type { Ask } from "../functions/access/access.ts";
import type { KeyHash } from "../functions/keys.ts";
import { defaultPolicy, policies } from "../functions/policies/index.ts";
import type { Cluster } from "../functions/registry/clusters.ts";
import { type Policy, readPolicy } from "../lib/policy/index.ts";
import { authorize, readWorld } from "../lib/rbac/index.ts";
import type { Bundle } from "./bundle.ts";
import { UsageError } from "./usage.ts";

/** Who answers the questions of a local run: RBAC manifests on disk, or a cluster of a kubeconfig. */
export interface LocalOptions {
  /** Files of RBAC manifests, YAML or JSON. Without these and a kubeconfig: events/rbac.yaml. */
  readonly rbac?: readonly string[] | undefined;
  readonly kubeconfig?: string | undefined;
  /** Absent: the kubeconfig's current context. */
  readonly context?: string | undefined;
  /** The name of a policy that is built in, or a file that holds one. Absent: razee. */
  readonly policy?: string | undefined;
}

/** The manifests that answer where nobody else is named. */
const sampleWorld = fileURLToPath(new URL("../events/rbac.yaml", import.meta.url));

/** The cluster that local commands judge for: what the user named is read at once, and complained of before anything is built. */
export const localCluster = (options: LocalOptions) => {
  const policy = policyOf(options.policy);
  const asking = askOf(options);
  return (bundle: Bundle, keys: readonly KeyHash[] = []): Cluster => ({
    name: "local",
    keys,
    policy,
    ask: asking(bundle),
  });
};

const askOf = ({ rbac, kubeconfig, context }: LocalOptions): ((bundle: Bundle) => Ask) => {
  if (kubeconfig === undefined && context !== undefined)
    throw new UsageError("--context is one of a --kubeconfig; give that too");
  if (kubeconfig !== undefined && rbac !== undefined)
    throw new UsageError("--rbac and --kubeconfig: only one of them can answer");
  return kubeconfig === undefined ? askManifests(rbac ?? [sampleWorld]) : askCluster(kubeconfig, context);
};

/** Who answers, in words. */
export const describeAsk = ({ rbac, kubeconfig, context }: LocalOptions): string =>
  kubeconfig === undefined
    ? `answering from ${rbac?.join(", ") ?? "events/rbac.yaml"}`
    : `asking ${context ?? "the current context"} of ${kubeconfig}`;

const askManifests = (files: readonly string[]): (() => Ask) => {
  const world = naming(files.join(", "), () => readWorld(files.flatMap((file) => readDocuments(file))));
  return () => async (questions) => questions.map((question) => authorize(world, question));
};

const askCluster = (file: string, context: string | undefined): ((bundle: Bundle) => Ask) => {
  const text = readText(file);
  return (bundle) =>
    naming(file, () => {
      const kubeconfig = bundle.readKubeconfig(text, dirname(file));
      const chosen = context ?? kubeconfig.getCurrentContext();
      if (!chosen) throw new UsageError(`${file} has no current-context; give --context NAME`);
      return bundle.accessOf(kubeconfig, chosen);
    });
};

/** A policy by its name, or from a file. */
export const policyOf = (nameOrFile: string = defaultPolicy): Policy => {
  const builtIn = policies.get(nameOrFile);
  if (builtIn) return builtIn;
  if (!/[./\\]/.test(nameOrFile))
    throw new UsageError(
      `there is no policy ${nameOrFile}; built in are ${[...policies.keys()].join(", ")}, or give a file`,
    );
  return naming(nameOrFile, () => readPolicy(readDocuments(nameOrFile)[0]));
};

const readDocuments = (file: string): unknown[] =>
  parseAllDocuments(readText(file)).map((document) => {
    if (document.errors[0]) throw new UsageError(`${file}: ${document.errors[0].message}`);
    return document.toJS();
  });

/** Reads a file, `-` being standard input. */
export const readText = (file: string): string => {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new UsageError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
};

/** A file that says something wrong is the user's to mend: its name and the sentence, not a stack. */
export const naming = <T>(what: string, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    throw error instanceof UsageError
      ? error
      : new UsageError(`${what}: ${error instanceof Error ? error.message : error}`);
  }
};
