import { isAbsolute, join } from "node:path";
import { KubeConfig, type User } from "@kubernetes/client-node";
import { newClusters, newContexts, newUsers } from "@kubernetes/client-node/dist/config_types.js";
import { load, type YAMLException } from "js-yaml";
import { isObject, type JsonObject } from "../../lib/identity/json.ts";

/** js-yaml's own message quotes the lines around the mistake, and those of a kubeconfig hold secrets. */
const yaml = (text: string): unknown => {
  try {
    return load(text);
  } catch (error) {
    const { reason, mark } = error as Partial<YAMLException>;
    throw new Error(`is no YAML: ${reason ?? error}${mark ? ` (line ${mark.line + 1})` : ""}`);
  }
};

/** JSON is YAML, and many times as fast to read as what it is. */
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return yaml(text);
  }
};

/**
 * The document of a kubeconfig (YAML or JSON), with what client-node's types drop, such as a context's extensions. Its own `loadYaml`
 * makes class instances, which are no plain objects. Throws for YAML that is none, and for what is no mapping.
 */
export const parseKubeconfig = (text: string): JsonObject => {
  const document = parsed(text);
  if (!isObject(document)) throw new Error("is no kubeconfig: not a YAML mapping");
  return document;
};

/** Members of a user that client-node drops without a word, and that would change who is asking. */
const dropped = ["as-groups", "as-uid", "as-user-extra"] as const;

/** The `authProvider` of a user that must be refused because of one of its members. */
export const unsupported = "unsupported";

/**
 * client-node knows kubectl's `tokenFile` only in the shape that it uses inside a pod; it reads the file again every minute, as client-go
 * does.
 */
const authProviderOf = (raw: JsonObject, directory: string): User["authProvider"] => {
  const member = dropped.find((key) => raw[key] != null);
  if (member) return { name: unsupported, member };
  const { tokenFile: file } = raw;
  if (typeof file !== "string" || file === "") return undefined;
  return { name: "tokenFile", config: { tokenFile: isAbsolute(file) ? file : join(directory, file) } };
};

const rawUsers = ({ users }: JsonObject): ReadonlyMap<unknown, JsonObject> =>
  new Map(
    (Array.isArray(users) ? users.filter(isObject) : []).map(({ name, user }) => [name, isObject(user) ? user : {}]),
  );

/**
 * A kubeconfig of its document, as kubectl means it: paths are relative to `directory`, and a `tokenFile` is a token (k8s.io/client-go
 * tools/clientcmd/api/v1 AuthInfo). An entry that is broken is left out, and costs the others nothing.
 */
export const kubeconfigOf = (document: JsonObject, directory: string): KubeConfig => {
  const raw = rawUsers(document);
  const broken = { onInvalidEntry: "filter" } as const;
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromOptions({
    clusters: newClusters(document["clusters"], broken),
    contexts: newContexts(document["contexts"], broken),
    users: newUsers(document["users"], broken).map((user) => {
      const authProvider = authProviderOf(raw.get(user.name) ?? {}, directory);
      return authProvider ? { ...user, authProvider } : user;
    }),
    currentContext: document["current-context"],
  });
  kubeconfig.makePathsAbsolute(directory);
  return kubeconfig;
};

/** Reads a kubeconfig (YAML or JSON), see `kubeconfigOf`. Throws as `parseKubeconfig` does. */
export const readKubeconfig = (text: string, directory: string): KubeConfig =>
  kubeconfigOf(parseKubeconfig(text), directory);
