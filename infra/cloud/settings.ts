/** What a deployment is told: the `params` of serverless.yml, read and checked. */
export interface DeploymentSettings {
  readonly registry: Registry;
  /** Seconds. */
  readonly registryMaxAge: number;
  /** Seconds. */
  readonly registryDeadAge: number;
  /** Clusters that an instance asks something before its first call. */
  readonly warmClusters: number;
  /** The KMS key that the registry is encrypted with, where it is the customer's own. */
  readonly registryKey: string | undefined;
  readonly registryLayers: readonly string[];
  readonly assumeRoles: readonly string[];
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
  readonly reservedConcurrency: number;
  /** Calls a second, and how many at once. */
  readonly throttleRate: number;
  readonly throttleBurst: number;
  readonly logRetentionInDays: number;
  readonly alarmTopic: string | undefined;
  /** Of the private variant alone. */
  readonly vpcEndpointIds: readonly string[];
  /** Calls in five minutes from one address; of the private variant alone. */
  readonly wafRate: number;
}

/** Where the function reads its clusters from, as functions/registry/registry-source.ts means it. */
export type Registry =
  | { readonly kind: "file"; readonly setting: string }
  | { readonly kind: "secret"; readonly setting: string; readonly secret: string }
  | { readonly kind: "parameters"; readonly setting: string; readonly path: string };

/** A parameter of the command line is a string; one of a file may be anything. */
export type Params = Readonly<Record<string, unknown>>;

const arn = {
  key: /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/,
  layer: /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:layer:[\w-]+:\d+$/,
  role: /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
  topic: /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]+$/,
  secret: /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+$/,
};

const idOf = (kind: string): RegExp => new RegExp(`^${kind}-([0-9a-f]{8}|[0-9a-f]{17})$`);

/** AWS::Logs::LogGroup takes no other number. */
const retentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** Reads the parameters. Throws an Error that names the one that is wrong, and says what may stand there. */
export const readParams = (params: Params): DeploymentSettings => {
  const fail = (name: string, what: string): never => {
    throw new Error(`param ${name} is ${JSON.stringify(params[name])}; it must be ${what}`);
  };
  const number = (name: string, least: number, most: number): number => {
    const value = Number(params[name]);
    return Number.isInteger(value) && value >= least && value <= most
      ? value
      : fail(name, `a whole number from ${least} to ${most}`);
  };
  const optional = (name: string, least: number, most: number, usual: number): number =>
    String(params[name] ?? "") === "" ? usual : number(name, least, most);
  const list = (name: string, form: RegExp, what: string): readonly string[] => {
    const value = params[name] ?? [];
    const entries = (Array.isArray(value) ? value.map(String) : String(value).split(",")).map((entry) => entry.trim());
    const named = entries.filter((entry) => entry !== "");
    return named.every((entry) => form.test(entry)) ? named : fail(name, `${what}, separated by commas`);
  };
  const one = (name: string, form: RegExp, what: string): string | undefined => {
    const value = String(params[name] ?? "");
    return value === "" ? undefined : form.test(value) ? value : fail(name, what);
  };
  const settings: DeploymentSettings = {
    registry: registryOf(String(params["registry"] ?? "")) ?? fail("registry", registryForms),
    registryMaxAge: number("registryMaxAge", 1, 999_999),
    registryDeadAge: optional("registryDeadAge", 2 * Number(params["registryMaxAge"]), 999_999, 86_400),
    warmClusters: optional("warmClusters", 0, 10, 3),
    registryKey: one("registryKey", arn.key, "the ARN of a KMS key"),
    registryLayers: list("registryLayers", arn.layer, "ARNs of layer versions"),
    assumeRoles: list("assumeRoles", arn.role, "ARNs of roles, without wildcards"),
    subnetIds: list("subnetIds", idOf("subnet"), "ids of subnets"),
    securityGroupIds: list("securityGroupIds", idOf("sg"), "ids of security groups"),
    reservedConcurrency: number("reservedConcurrency", 1, 10_000),
    throttleRate: number("throttleRate", 1, 10_000),
    throttleBurst: number("throttleBurst", 1, 5_000),
    logRetentionInDays: number("logRetentionInDays", 1, 3653),
    alarmTopic: one("alarmTopic", arn.topic, "the ARN of an SNS topic"),
    vpcEndpointIds: list("vpcEndpointIds", idOf("vpce"), "ids of VPC endpoints"),
    wafRate: number("wafRate", 10, 2_000_000_000),
  };
  if (!retentions.includes(settings.logRetentionInDays)) fail("logRetentionInDays", `one of ${retentions.join(", ")}`);
  if (settings.subnetIds.length > 0 !== settings.securityGroupIds.length > 0)
    fail("subnetIds", "given together with securityGroupIds");
  return settings;
};

const registryForms =
  "file:PATH, secretsmanager:NAME, secretsmanager:ARN or ssm:/PATH, without wildcards, so that nothing else may be read";

const registryOf = (setting: string): Registry | undefined => {
  const [, scheme, rest = ""] = /^(file|secretsmanager|ssm):(.+)$/.exec(setting) ?? [];
  if (scheme === "file") return { kind: "file", setting };
  if (scheme === "secretsmanager" && (arn.secret.test(rest) || /^[\w/+=.@-]{1,512}$/.test(rest)))
    return { kind: "secret", setting, secret: rest };
  if (scheme === "ssm" && /^(\/[\w.-]+)+\/?$/.test(rest))
    return { kind: "parameters", setting, path: rest.replace(/\/$/, "") };
  return undefined;
};
