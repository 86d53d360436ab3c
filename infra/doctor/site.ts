import { readUserInfo, type UserInfo } from "../../lib/identity/index.ts";
import { type WebhookConfiguration, webhookConfigurations } from "../../lib/manifests/index.ts";
import { isProblem } from "../../lib/meta/index.ts";
import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import type { Policy } from "../../lib/policy/index.ts";
import { type ApiClient, ClusterError, messageOf } from "../cluster/api-client.ts";
import { discover, objectsIn, type ServedResources } from "../cluster/discovery.ts";
import { manifestsCommand } from "../command-line/manifests-command.ts";
import { type InTree, readInTree } from "./admission-policies.ts";

export interface SiteOptions {
  readonly api: ApiClient;
  /** The webhook's own identity on the cluster. */
  readonly asker: ApiClient | undefined;
  readonly policy: Policy;
  /** `https://HOST/clusters/CLUSTER/KEY`, without the endpoint. */
  readonly url: string | undefined;
  /** Where objects are created as dry runs. */
  readonly namespace: string;
  /** How the policy is called on a command line. */
  readonly policyName: string | undefined;
}

/** A cluster as it was found, which all checks look at. */
export interface Site extends SiteOptions {
  /** Whom the API server takes the user of the kubeconfig for. */
  readonly me: UserInfo;
  readonly mutating: readonly JsonObject[];
  readonly validating: readonly JsonObject[];
  /** Ours among them; undefined where it is missing. */
  readonly ours: { readonly mutating: JsonObject | undefined; readonly validating: JsonObject | undefined };
  /** What the policy asks to be registered, but for where it is called. */
  readonly wanted: readonly [WebhookConfiguration, WebhookConfiguration];
  /** The same rule as admission policies. */
  readonly inTree: InTree;
  /** What is installed of each API group of the policy. */
  readonly served: ReadonlyMap<string, ServedResources>;
  /** A CustomResourceDefinition by its name; undefined where it is none or may not be read. */
  readonly definition: (name: string) => Promise<JsonObject | undefined>;
}

/** Whoever the API server takes a client for (`authentication.k8s.io/v1` SelfSubjectReview). */
export async function whoIs(api: ApiClient): Promise<UserInfo> {
  const apiVersion = "authentication.k8s.io/v1";
  const reply = await api.send({
    path: `/apis/${apiVersion}/selfsubjectreviews`,
    body: { apiVersion, kind: "SelfSubjectReview" },
  });
  const { status } = reply.body;
  const user = readUserInfo(isObject(status) ? status["userInfo"] : undefined);
  if (reply.status !== 201 || isProblem(user))
    throw new ClusterError(
      `the username of context ${JSON.stringify(api.context)} could not be read: ${messageOf(reply)}`,
    );
  return user;
}

/** Looks at a cluster. Throws a ClusterError where the webhook configurations cannot be read: nothing could be said then. */
export async function visit(options: SiteOptions): Promise<Site> {
  const { api, policy } = options;
  const me = await whoIs(api);
  const list = async (plural: string): Promise<readonly JsonObject[]> => {
    const path = `/apis/admissionregistration.k8s.io/v1/${plural}`;
    const reply = await api.send({ path });
    if (reply.status !== 200)
      throw new ClusterError(`${plural} cannot be listed, and the doctor needs them: ${messageOf(reply)}`);
    return objectsIn(reply.body["items"]);
  };
  const mutating = await list("mutatingwebhookconfigurations");
  const validating = await list("validatingwebhookconfigurations");
  const wanted = webhookConfigurations({ policy, client: { url: options.url ?? "https://localhost" } });
  const named = (all: readonly JsonObject[], { metadata: { name } }: WebhookConfiguration) =>
    all.find((each) => nameOfObject(each) === name);
  const groups = [...new Set(policy.targets.map(({ group }) => group))];
  const served = await Promise.all(groups.map(async (group) => [group, await discover(api, group)] as const));
  const definitions = new Map<string, Promise<JsonObject | undefined>>();
  return {
    ...options,
    me,
    mutating,
    validating,
    ours: { mutating: named(mutating, wanted[0]), validating: named(validating, wanted[1]) },
    wanted,
    inTree: await readInTree(api, policy),
    served: new Map(served),
    definition: (name) => {
      const known = definitions.get(name) ?? definitionOf(api, name);
      definitions.set(name, known);
      return known;
    },
  };
}

const definitionOf = async (api: ApiClient, name: string): Promise<JsonObject | undefined> => {
  const reply = await api.send({ path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}` });
  return reply.status === 200 ? reply.body : undefined;
};

export function nameOfObject({ metadata }: JsonObject): string {
  return isObject(metadata) ? String(metadata["name"]) : "";
}

/** The webhooks of a configuration. */
export function webhooksOf(configuration: JsonObject | undefined): readonly JsonObject[] {
  return objectsIn(configuration?.["webhooks"]);
}

/** The command that gives a cluster what the policy asks for. */
export function applyCommand({ policyName: policy }: Pick<SiteOptions, "policyName">): string {
  return manifestsCommand("apply", { url: "URL", policy });
}

/** The command that takes away, too, what the policy does not ask for. */
export function replaceCommand({ policyName: policy }: Pick<SiteOptions, "policyName">): string {
  return manifestsCommand("replace", { url: "URL", policy });
}
