/** The AWS services that are called, by their names in host names and signatures. */
export type AwsService = "secretsmanager" | "ssm" | "sts";

/** The settings that the AWS SDKs read too, under the same names: region, credentials and endpoints. */
export interface AwsSettings {
  readonly region: string | undefined;
  readonly accessKeyId: string | undefined;
  readonly secretAccessKey: string | undefined;
  readonly sessionToken: string | undefined;
  /** The URLs of services that are not called at their regional host: each by its name, and `all` of them. */
  readonly endpoints: Readonly<Partial<Record<AwsService | "all", string | undefined>>>;
}

/** Where a pod finds its API server and its service account, as the kubelet sets it. */
export interface PodSettings {
  /** Undefined outside a pod, as is `port`. */
  readonly host: string | undefined;
  readonly port: string | undefined;
  /** The folder of `token` and `ca.crt`. */
  readonly serviceAccountFolder: string;
}

/** All that the environment decides. No other file reads the environment. */
export interface Settings {
  /** The source of the registry (see registry-source.ts); undefined where nothing is deployed. */
  readonly registry: string | undefined;
  /** The age in milliseconds at which the registry is read again. */
  readonly registryMaxAge: number;
  /** The age in milliseconds at which the registry is no longer used, and every review is denied. */
  readonly registryDeadAge: number;
  /** How many clusters are asked a question before the first call, so that the call finds open connections; 0 for none. */
  readonly warmClusters: number;
  /** The function's name; `local` outside Lambda. */
  readonly functionName: string;
  readonly inLambda: boolean;
  readonly aws: AwsSettings;
}

/** Throws for an invalid setting. */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  return {
    registry: environment["REGISTRY"] || undefined,
    ...registryAges(environment),
    warmClusters: clusters(environment, "WARM_CLUSTERS", 3),
    functionName: environment["AWS_LAMBDA_FUNCTION_NAME"] || "local",
    inLambda: Boolean(environment["AWS_LAMBDA_FUNCTION_NAME"]),
    aws: {
      region: environment["AWS_REGION"] || environment["AWS_DEFAULT_REGION"] || undefined,
      accessKeyId: environment["AWS_ACCESS_KEY_ID"] || undefined,
      secretAccessKey: environment["AWS_SECRET_ACCESS_KEY"] || undefined,
      sessionToken: environment["AWS_SESSION_TOKEN"] || undefined,
      endpoints: {
        secretsmanager: environment["AWS_ENDPOINT_URL_SECRETS_MANAGER"] || undefined,
        ssm: environment["AWS_ENDPOINT_URL_SSM"] || undefined,
        sts: environment["AWS_ENDPOINT_URL_STS"] || undefined,
        all: environment["AWS_ENDPOINT_URL"] || undefined,
      },
    },
  };
}

/** Reads what only a program in a pod needs. */
export function readPodSettings(environment: NodeJS.ProcessEnv): PodSettings {
  return {
    host: environment["KUBERNETES_SERVICE_HOST"] || undefined,
    port: environment["KUBERNETES_SERVICE_PORT"] || undefined,
    serviceAccountFolder: environment["SERVICE_ACCOUNT_FOLDER"] || "/var/run/secrets/kubernetes.io/serviceaccount",
  };
}

/** What the environment decides of the proxy's function alone. */
export interface ProxyFunctionSettings {
  /** The source of the proxy's registry, whose credentials can act as anybody; undefined where nothing is deployed. */
  readonly proxyRegistry: string | undefined;
  /** The source of an AuthenticationConfiguration, whose issuers' tokens count; undefined for none. */
  readonly proxyAuthentication: string | undefined;
  /** Exact names that begin with `system:` and that tokens of these issuers may hold. */
  readonly reservedNames: ReadonlySet<string>;
  /** The seconds after which a watch ends. */
  readonly watchSeconds: number;
}

/** Throws for an invalid setting. */
export function readProxySettings(environment: NodeJS.ProcessEnv): ProxyFunctionSettings {
  const watchSeconds = seconds(environment, "PROXY_WATCH_SECONDS", 240);
  if (watchSeconds > longestWatch)
    throw new Error(`PROXY_WATCH_SECONDS must be at most ${longestWatch}, not ${watchSeconds}`);
  const proxyAuthentication = environment["PROXY_AUTHENTICATION"] || undefined;
  const reservedNames = systemNames(environment, "PROXY_RESERVED_NAMES");
  if (reservedNames.size > 0 && proxyAuthentication === undefined)
    throw new Error("PROXY_RESERVED_NAMES goes with PROXY_AUTHENTICATION; remove it");
  return {
    proxyRegistry: environment["PROXY_REGISTRY"] || undefined,
    proxyAuthentication,
    reservedNames,
    watchSeconds,
  };
}

/** Below the five minutes after which a gateway ends a stream in which nothing is sent. */
const longestWatch = 290;

/** X-Ray's tracing header. Lambda sets it anew for every invocation. */
export function xrayHeader(): string | undefined {
  return process.env["_X_AMZN_TRACE_ID"];
}

/** In milliseconds. The dead age leaves time to read the registry again. */
const registryAges = (environment: NodeJS.ProcessEnv) => {
  const maxAge = seconds(environment, "REGISTRY_MAX_AGE", 300);
  const deadAge = seconds(environment, "REGISTRY_DEAD_AGE", Math.max(24 * 60 * 60, 2 * maxAge));
  if (deadAge < 2 * maxAge)
    throw new Error(`REGISTRY_DEAD_AGE must be at least twice REGISTRY_MAX_AGE, ${2 * maxAge}, not ${deadAge}`);
  return { registryMaxAge: 1000 * maxAge, registryDeadAge: 1000 * deadAge };
};

const systemNames = (environment: NodeJS.ProcessEnv, name: string): ReadonlySet<string> => {
  const entries = (environment[name] ?? "").split(",").map((entry) => entry.trim());
  const names = entries.filter((entry) => entry !== "");
  const other = names.find((entry) => !entry.startsWith("system:"));
  if (other !== undefined)
    throw new Error(
      `${name} must hold names that begin with system:, with commas between, not ${JSON.stringify(other)}`,
    );
  return new Set(names);
};

const clusters = (environment: NodeJS.ProcessEnv, name: string, usual: number): number => {
  const text = environment[name];
  if (!text) return usual;
  if (!/^(\d|10)$/.test(text))
    throw new Error(`${name} must be a number of clusters from 0 to 10, not ${JSON.stringify(text)}`);
  return Number(text);
};

const seconds = (environment: NodeJS.ProcessEnv, name: string, usual: number): number => {
  const text = environment[name];
  if (!text) return usual;
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new Error(`${name} must be a number of seconds from 1 to 999999, not ${JSON.stringify(text)}`);
  return Number(text);
};
