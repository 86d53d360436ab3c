/** The settings of a deployment: the `params` of serverless.yml, read and checked. */
export interface DeploymentSettings {
  readonly registry: RegistrySource;
  /** Seconds. */
  readonly registryMaxAge: number;
  /** Seconds. */
  readonly registryDeadAge: number;
  /** The number of clusters that an instance asks a warm-up question before its first call. */
  readonly warmClusters: number;
  /** The customer's own KMS key that encrypts the registry; undefined for the default key. */
  readonly registryKey: string | undefined;
  readonly registryLayers: readonly string[];
  readonly assumeRoles: readonly string[];
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
  /** Undefined without a reservation: the function then shares the account's concurrency with its other functions. */
  readonly reservedConcurrency: number | undefined;
  /** The calls a second, and the size of a burst. */
  readonly throttleRate: number;
  readonly throttleBurst: number;
  readonly logRetentionInDays: number;
  readonly alarmTopic: string | undefined;
  /** Only of the private variant. */
  readonly vpcEndpointIds: readonly string[];
  /** The calls a minute to one path; only of the private variant. */
  readonly wafRate: number;
  /** Undefined where the proxy is not deployed. */
  readonly proxy: ProxySettings | undefined;
}

/** The settings of the impersonating proxy's function. */
export interface ProxySettings {
  readonly registry: RegistrySource;
  /** Also of `authentication`. */
  readonly registryKey: string | undefined;
  /** The source of an AuthenticationConfiguration; undefined where no tokens of other issuers count. */
  readonly authentication: RegistrySource | undefined;
  /** Names that begin with `system:` and that these tokens may hold. */
  readonly reservedNames: readonly string[];
  readonly assumeRoles: readonly string[];
  /** Undefined without a reservation. */
  readonly reservedConcurrency: number | undefined;
  /** The seconds after which a watch ends. */
  readonly watchSeconds: number;
}

/** The source of the function's registry, as functions/registry/registry-source.ts reads the setting. */
export type RegistrySource =
  | { readonly kind: "file"; readonly setting: string }
  | { readonly kind: "secret"; readonly setting: string; readonly secret: string }
  | { readonly kind: "parameters"; readonly setting: string; readonly path: string };

/** The parameters by name. A parameter of the command line is a string; a parameter of a file may have any type. */
export type Params = Readonly<Record<string, unknown>>;

const arn = {
  key: /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/,
  layer: /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:layer:[\w-]+:\d+$/,
  role: /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
  topic: /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]+$/,
  /** With the six characters that Secrets Manager appends to the name: a permission for a shorter ARN permits nothing. */
  secret: /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$/,
};

const idOf = (kind: string): RegExp => new RegExp(`^${kind}-([0-9a-f]{8}|[0-9a-f]{17})$`);

/** AWS::Logs::LogGroup accepts only these numbers. */
const retentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** Reads the parameters. Throws an Error that names the wrong parameter, its value, and the allowed values. */
export function readParams(params: Params): DeploymentSettings {
  const fail = (name: string, what: string): never => {
    throw new Error(`param ${name} is ${JSON.stringify(params[name])}; it must be ${what}`);
  };
  const number = (name: string, least: number, most: number, otherwise = ""): number => {
    const value = Number(params[name]);
    return Number.isInteger(value) && value >= least && value <= most
      ? value
      : fail(name, `a whole number from ${least} to ${most} ${otherwise}`.trimEnd());
  };
  const optional = (name: string, least: number, most: number, usual: number): number =>
    String(params[name] ?? "") === "" ? usual : number(name, least, most);
  const list = (name: string, form: RegExp, what: string): readonly string[] => {
    const value = params[name] ?? [];
    const entries = (Array.isArray(value) ? value.map(String) : String(value).split(",")).map((entry) => entry.trim());
    const named = entries.filter((entry) => entry !== "");
    return named.every((entry) => form.test(entry)) ? named : fail(name, `${what}, separated by commas`);
  };
  const single = (name: string, form: RegExp, what: string): string | undefined => {
    const value = String(params[name] ?? "");
    return value === "" ? undefined : form.test(value) ? value : fail(name, what);
  };
  const concurrency = (name: string): number | undefined =>
    params[name] === "none" ? undefined : number(name, 1, 10_000, 'or "none"');
  const throttleRate = number("throttleRate", 1, 10_000);
  if (String(params["registry"] ?? "") === "")
    throw new Error(`param registry is missing; give --param registry=ssm:/PATH, or another of ${registryForms}`);
  const settings: DeploymentSettings = {
    registry: registryOf(String(params["registry"])) ?? fail("registry", registryForms),
    registryMaxAge: number("registryMaxAge", 1, longestAge),
    registryDeadAge: optional("registryDeadAge", 2 * Number(params["registryMaxAge"]), 999_999, 86_400),
    warmClusters: optional("warmClusters", 0, 10, 3),
    registryKey: single("registryKey", arn.key, "the ARN of a KMS key"),
    registryLayers: list("registryLayers", arn.layer, "ARNs of layer versions"),
    assumeRoles: list("assumeRoles", arn.role, "ARNs of roles, without wildcards"),
    subnetIds: list("subnetIds", idOf("subnet"), "ids of subnets"),
    securityGroupIds: list("securityGroupIds", idOf("sg"), "ids of security groups"),
    reservedConcurrency: concurrency("reservedConcurrency"),
    throttleRate,
    throttleBurst: number("throttleBurst", 1, 5_000),
    logRetentionInDays: number("logRetentionInDays", 1, 3653),
    alarmTopic: single("alarmTopic", arn.topic, "the ARN of an SNS topic"),
    vpcEndpointIds: list("vpcEndpointIds", idOf("vpce"), "ids of VPC endpoints"),
    wafRate: String(params["wafRate"] ?? "") === "" ? 15 * throttleRate : number("wafRate", 10, 2_000_000_000),
    proxy:
      String(params["proxyRegistry"] ?? "") === ""
        ? undefined
        : {
            registry: encryptedRegistryOf(String(params["proxyRegistry"])) ?? fail("proxyRegistry", proxyRegistryForms),
            registryKey: single("proxyRegistryKey", arn.key, "the ARN of a KMS key"),
            authentication:
              String(params["proxyAuthentication"] ?? "") === ""
                ? undefined
                : (encryptedRegistryOf(String(params["proxyAuthentication"])) ??
                  fail("proxyAuthentication", authenticationForms)),
            reservedNames: list("proxyReservedNames", /^system:./, "names that begin with system:"),
            assumeRoles: list("proxyAssumeRoles", arn.role, "ARNs of roles, without wildcards"),
            reservedConcurrency: concurrency("proxyReservedConcurrency"),
            watchSeconds: optional("proxyWatchSeconds", 1, longestWatch, 240),
          },
  };
  if (!retentions.includes(settings.logRetentionInDays)) fail("logRetentionInDays", `one of ${retentions.join(", ")}`);
  if (settings.subnetIds.length > 0 !== settings.securityGroupIds.length > 0)
    fail("subnetIds", "given together with securityGroupIds");
  if (settings.registry.kind === "file" && settings.registryLayers.length === 0)
    fail("registryLayers", `the ARN of the layer that holds the registry ${settings.registry.setting}`);
  // A cluster has two paths. Above this, it would use up the gateway's throttle before the web ACL blocks one of them.
  if (2 * settings.wafRate >= 60 * throttleRate)
    fail("wafRate", `below ${30 * throttleRate}, half of the calls that throttleRate allows in a minute`);
  if (settings.proxy && isShared(settings.registry, settings.proxy.registry))
    fail(
      "proxyRegistry",
      `apart from the webhook's registry, ${settings.registry.setting}, whose function must not read it`,
    );
  const { authentication, reservedNames = [] } = settings.proxy ?? {};
  for (const registry of [settings.registry, ...(settings.proxy ? [settings.proxy.registry] : [])])
    if (authentication && isShared(registry, authentication))
      fail("proxyAuthentication", `apart from the registry ${registry.setting}, which holds kubeconfigs`);
  if (reservedNames.length > 0 && !authentication)
    fail("proxyReservedNames", "empty without proxyAuthentication, whose tokens it is about");
  return settings;
}

/** Seconds: below the five minutes after which the gateway ends a stream in which nothing is sent. */
const longestWatch = 290;

/** An hour: a key that was removed is refused after that time, and the alarm RegistryStale can still fire while an instance lives. */
const longestAge = 3600;

const registryForms =
  "file:/opt/PATH, secretsmanager:NAME, secretsmanager:ARN or ssm:/PATH, without wildcards, so that the function's role cannot read other secrets";

const proxyRegistryForms =
  "secretsmanager:NAME, secretsmanager:ARN or ssm:/PATH, without wildcards; every principal that may read a layer could act as cluster-admin";

const authenticationForms =
  "secretsmanager:NAME, secretsmanager:ARN or ssm:/PATH, without wildcards, so that the proxy's role cannot read other secrets";

const encryptedRegistryOf = (setting: string): RegistrySource | undefined => {
  const registry = registryOf(setting);
  return registry?.kind === "file" ? undefined : registry;
};

/** The name in the ARN of a secret. */
const secretName = (secret: string): string => /:secret:(.+)-[A-Za-z0-9]{6}$/.exec(secret)?.[1] ?? secret;

/** Whether a role that may read one of two registries may read the other, or a part of it. */
const isShared = (one: RegistrySource, other: RegistrySource): boolean => {
  if (one.kind === "secret" && other.kind === "secret") return secretName(one.secret) === secretName(other.secret);
  if (one.kind !== "parameters" || other.kind !== "parameters") return false;
  const [a, b] = [`${one.path}/`, `${other.path}/`];
  return a.startsWith(b) || b.startsWith(a);
};

const registryOf = (setting: string): RegistrySource | undefined => {
  const [, scheme, rest = ""] = /^(file|secretsmanager|ssm):(.+)$/.exec(setting) ?? [];
  // Lambda unpacks layers below /opt. The function's own package does not hold a registry.
  if (scheme === "file" && rest.startsWith("/opt/")) return { kind: "file", setting };
  if (scheme === "secretsmanager" && (arn.secret.test(rest) || /^[\w/+=.@-]{1,512}$/.test(rest)))
    return { kind: "secret", setting, secret: rest };
  if (scheme === "ssm" && /^(\/[\w.-]+)+\/?$/.test(rest))
    return { kind: "parameters", setting, path: rest.replace(/\/$/, "") };
  return undefined;
};
