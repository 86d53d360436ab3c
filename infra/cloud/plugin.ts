import { accessLogFormat } from "./front-door.ts";
import { type DeploymentSettings, type Params, type ProxySettings, readParams } from "./params.ts";
import { privateResources } from "./private.ts";
import { proxyFunctionOf } from "./proxy.ts";
import { publicResources } from "./public.ts";

/** The parts of the deployment that serverless.yml refers to as `${cloud:NAME}`. */
const parts = {
  environment: ({ registry, registryMaxAge, registryDeadAge, warmClusters }: DeploymentSettings) => ({
    REGISTRY: registry.setting,
    REGISTRY_MAX_AGE: String(registryMaxAge),
    REGISTRY_DEAD_AGE: String(registryDeadAge),
    WARM_CLUSTERS: String(warmClusters),
    // Node looks up host names in these threads, one for each cluster at a time. Look-ups without an answer must not use up all threads.
    UV_THREADPOOL_SIZE: "32",
  }),
  layers: ({ registryLayers }: DeploymentSettings) => registryLayers,
  vpc: ({ subnetIds, securityGroupIds }: DeploymentSettings) =>
    subnetIds.length > 0 ? { subnetIds, securityGroupIds } : null,
  reservedConcurrency: ({ reservedConcurrency }: DeploymentSettings) => reservedConcurrency ?? null,
  logRetentionInDays: ({ logRetentionInDays }: DeploymentSettings) => logRetentionInDays,
  accessLogFormat: () => accessLogFormat,
  proxyFunction: proxyFunctionOf,
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
  "proxyRegistry",
  "proxyRegistryKey",
  "proxyAuthentication",
  "proxyReservedNames",
  "proxyAssumeRoles",
  "proxyReservedConcurrency",
  "proxyWatchSeconds",
] as const satisfies readonly (
  | Exclude<keyof DeploymentSettings, "proxy">
  | `proxy${Capitalize<keyof ProxySettings>}`
)[];

interface Source {
  readonly address: string;
  readonly resolveVariable: (variable: string) => Promise<unknown>;
}

const paramsFrom = async (resolve: Source["resolveVariable"]): Promise<Params> =>
  Object.fromEntries(await Promise.all(names.map(async (name) => [name, await resolve(`param:${name}`)])));

/** The used parts of the framework. It prints its own errors without a stack. */
interface Serverless {
  readonly classes: { readonly Error: new (message: string) => Error };
  readonly service: {
    readonly service: string;
    readonly provider: { readonly stage: string; readonly region: string };
  };
}
interface Utilities {
  readonly log: { readonly warning: (text: string) => void };
}

/** Placeholders for the commands that only read or undo a deployment (`info`, `logs`, `rollback`, `remove`). */
const standIns: Params = {
  registry: "ssm:/unknown",
  registryMaxAge: 300,
  reservedConcurrency: "none",
  throttleRate: 1,
  throttleBurst: 1,
  logRetentionInDays: 1,
  vpcEndpointIds: "vpce-00000000",
};

/** The length of the role's name by osls. IAM allows 64 characters, and CloudFormation would fail only in the middle of a deployment. */
const roleNameProblem = ({ service, provider: { stage, region } }: Serverless["service"]): string | undefined => {
  const name = `${service}-${stage}-${region}-lambdaRole`;
  return name.length > 64
    ? `stage ${stage} is ${name.length - 64} characters too long: the name of the role would be ${name}, but IAM allows 64 characters`
    : undefined;
};

const layerWarning =
  "The registry is in a layer: every principal with lambda:GetLayerVersion on the layer can read the credentials in it. Use ssm: or secretsmanager: instead: AWS encrypts the registry there, and only the function's role needs to read it.";

/**
 * A Serverless Framework plugin that computes parts of the deployment from its parameters. It is loaded with `require`, so none of its
 * imports may await at the top level.
 */
export default class Cloud {
  readonly configurationVariablesSources;
  readonly hooks;

  constructor({ classes, service }: Serverless, _options: unknown, { log }: Utilities) {
    let problem: string | undefined;
    let settings = readParams(standIns);
    const resolve = async ({ address, resolveVariable }: Source) => {
      const part = Object.hasOwn(parts, address) ? parts[address as keyof typeof parts] : undefined;
      if (!part)
        throw new classes.Error(`\${cloud:${address}} is unknown; use one of ${Object.keys(parts).join(", ")}`);
      const params = await paramsFrom(resolveVariable);
      try {
        settings = readParams(params);
        return { value: part(settings) };
      } catch (error) {
        problem = (error as Error).message;
        return { value: part(readParams(standIns)) };
      }
    };
    const check = () => {
      problem ??= roleNameProblem(service);
      if (problem) throw new classes.Error(problem);
      if (settings.registry.kind === "file") log.warning(layerWarning);
    };
    this.configurationVariablesSources = { cloud: { resolve } };
    this.hooks = { "before:package:cleanup": check, "before:deploy:function:initialize": check };
  }
}
