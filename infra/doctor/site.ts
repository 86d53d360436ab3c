import { readUserInfo, type UserInfo } from "../../lib/identity/index.ts";
import { type WebhookConfiguration, webhookConfigurations } from "../../lib/manifests/index.ts";
import { isProblem } from "../../lib/meta/index.ts";
import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import type { Policy } from "../../lib/policy/index.ts";
import { type ApiClient, type ApiReply, ClusterError, messageOf } from "../cluster/api-client.ts";
import { discover, objectsIn, type ServedResources } from "../cluster/discovery.ts";
import { manifestsCommand } from "../command-line/manifests-command.ts";
import { type InTreePolicies, readInTreePolicies } from "./admission-policies.ts";

export interface SiteOptions {
  readonly api: ApiClient;
  /** The webhook's own identity on the cluster. */
  readonly asker: ApiClient | undefined;
  readonly policy: Policy;
  /** `https://HOST/clusters/CLUSTER/KEY`, without the endpoint. */
  readonly url: string | undefined;
  /** The namespace of the dry runs. */
  readonly namespace: string;
  /** The value of `--policy`. */
  readonly policyName: string | undefined;
}

/** The state of a cluster, which all checks read. */
export interface Site extends SiteOptions {
  /** The user of the kubeconfig, as the API server sees it. */
  readonly me: UserInfo;
  readonly mutating: readonly JsonObject[];
  readonly validating: readonly JsonObject[];
  /** Our configurations among them; undefined where one is missing. */
  readonly ours: { readonly mutating: JsonObject | undefined; readonly validating: JsonObject | undefined };
  /** The configurations that the policy needs; their URL is a placeholder without `--url`. */
  readonly wanted: readonly [WebhookConfiguration, WebhookConfiguration];
  /** The admission policies for the same rule. */
  readonly inTree: InTreePolicies;
  /** The served resources of each API group of the policy. */
  readonly served: ReadonlyMap<string, ServedResources>;
  /** A CustomResourceDefinition by its name; undefined where it does not exist or may not be read. */
  readonly definition: (name: string) => Promise<JsonObject | undefined>;
  /** Why a CustomResourceDefinition cannot be read; undefined where it can, and where it does not exist. */
  readonly whyUnread: (name: string) => Promise<string | undefined>;
}

/** The user of a client, as the API server sees it (`authentication.k8s.io/v1` SelfSubjectReview). */
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

/** Reads the state of a cluster. Throws a ClusterError where the webhook configurations cannot be read, because every check needs them. */
export async function inspectSite(options: SiteOptions): Promise<Site> {
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
  const definitions = new Map<string, Promise<ApiReply>>();
  const definitionOf = (name: string): Promise<ApiReply> => {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`;
    const known = definitions.get(name) ?? api.send({ path });
    definitions.set(name, known);
    return known;
  };
  return {
    ...options,
    me,
    mutating,
    validating,
    ours: { mutating: named(mutating, wanted[0]), validating: named(validating, wanted[1]) },
    wanted,
    inTree: await readInTreePolicies(api, policy),
    served: new Map(served),
    definition: async (name) => {
      const { status, body } = await definitionOf(name);
      return status === 200 ? body : undefined;
    },
    whyUnread: async (name) => {
      const reply = await definitionOf(name);
      return reply.status === 200 || reply.status === 404 ? undefined : messageOf(reply);
    },
  };
}

export function nameOfObject({ metadata }: JsonObject): string {
  return isObject(metadata) ? String(metadata["name"]) : "";
}

/** The webhooks of a configuration. */
export function webhooksOf(configuration: JsonObject | undefined): readonly JsonObject[] {
  return objectsIn(configuration?.["webhooks"]);
}

/** The command that installs the configurations of the policy. */
export function applyCommand({ policyName: policy }: Pick<SiteOptions, "policyName">): string {
  return manifestsCommand("apply", { url: "URL", policy });
}

/** The command that also removes members that the policy does not need. */
export function replaceCommand({ policyName: policy }: Pick<SiteOptions, "policyName">): string {
  return manifestsCommand("replace", { url: "URL", policy });
}
