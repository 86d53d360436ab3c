import { accessLogFormat } from "./front-door.ts";
import { statementsOf } from "./permissions.ts";
import { privateResources } from "./private.ts";
import { publicResources } from "./public.ts";
import { type DeploymentSettings, type Params, readParams } from "./settings.ts";

/** What serverless.yml takes from here, as `${cloud:NAME}`. */
const parts = {
  environment: ({ registry, registryMaxAge, registryDeadAge, warmClusters }: DeploymentSettings) => ({
    REGISTRY: registry.setting,
    REGISTRY_MAX_AGE: String(registryMaxAge),
    REGISTRY_DEAD_AGE: String(registryDeadAge),
    WARM_CLUSTERS: String(warmClusters),
    // Host names are looked up in these threads, one for each cluster at a time: names that nobody answers for must not use up all.
    UV_THREADPOOL_SIZE: "32",
  }),
  layers: ({ registryLayers }: DeploymentSettings) => registryLayers,
  statements: statementsOf,
  vpc: ({ subnetIds, securityGroupIds }: DeploymentSettings) =>
    subnetIds.length > 0 ? { subnetIds, securityGroupIds } : null,
  reservedConcurrency: ({ reservedConcurrency }: DeploymentSettings) => reservedConcurrency,
  logRetentionInDays: ({ logRetentionInDays }: DeploymentSettings) => logRetentionInDays,
  accessLogFormat: () => accessLogFormat,
  public: publicResources,
  private: privateResources,
} satisfies Readonly<Record<string, (settings: DeploymentSettings) => unknown>>;

const names = [
  "registry",
  "registryMaxAge",
  "registryDeadAge",
  "warmClusters",
  "registryKey",
  "registryLayers",
  "assumeRoles",
  "subnetIds",
  "securityGroupIds",
  "reservedConcurrency",
  "throttleRate",
  "throttleBurst",
  "logRetentionInDays",
  "alarmTopic",
  "vpcEndpointIds",
  "wafRate",
] as const satisfies readonly (keyof DeploymentSettings)[];

interface Source {
  readonly address: string;
  readonly resolveVariable: (variable: string) => Promise<unknown>;
}

const paramsFrom = async (resolve: Source["resolveVariable"]): Promise<Params> =>
  Object.fromEntries(await Promise.all(names.map(async (name) => [name, await resolve(`param:${name}`)])));

/** What is needed of the framework: its own errors are printed without a stack. */
interface Serverless {
  readonly classes: { readonly Error: new (message: string) => Error };
}

/**
 * A Serverless Framework plugin: everything of the deployment that is computed from its parameters. It is loaded with `require`, so
 * nothing that it imports may await at its top level.
 */
export default class Cloud {
  readonly configurationVariablesSources;

  constructor({ classes }: Serverless) {
    const resolve = async ({ address, resolveVariable }: Source) => {
      const part = Object.hasOwn(parts, address) ? parts[address as keyof typeof parts] : undefined;
      const params = await paramsFrom(resolveVariable);
      try {
        if (!part) throw new Error(`there is no \${cloud:${address}}, only ${Object.keys(parts).join(", ")}`);
        return { value: part(readParams(params)) };
      } catch (error) {
        throw new classes.Error(String((error as Error).message));
      }
    };
    this.configurationVariablesSources = { cloud: { resolve } };
  }
}
