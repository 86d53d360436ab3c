import { isAbsolute, join } from "node:path";
import { KubeConfig, type User } from "@kubernetes/client-node";
import { load, YAMLException } from "js-yaml";
import { isObject, type JsonObject } from "../lib/identity/json.ts";

/** Members of a user that client-node drops without a word, and that would change who is asking. */
const dropped = ["as-groups", "as-uid", "as-user-extra"] as const;

/** js-yaml's own message quotes the lines around the mistake, and those of a kubeconfig hold secrets. */
const yaml = (text: string): unknown => {
  try {
    return load(text);
  } catch (error) {
    const { reason, mark } = error instanceof YAMLException ? error : { reason: String(error), mark: undefined };
    throw new Error(`is no YAML: ${reason}${mark ? ` (line ${mark.line + 1})` : ""}`);
  }
};

/**
 * The document of a kubeconfig (YAML or JSON), with what client-node's types drop, such as a context's extensions. Its own `loadYaml`
 * makes class instances, which are no plain objects. Throws for YAML that is none, and for what is no mapping.
 */
export const parseKubeconfig = (text: string): JsonObject => {
  const document = yaml(text);
  if (!isObject(document)) throw new Error("is no kubeconfig: not a YAML mapping");
  return document;
};

const rawUsers = ({ users }: JsonObject): readonly JsonObject[] =>
  (Array.isArray(users) ? users : []).map((entry) => (isObject(entry) && isObject(entry["user"]) ? entry["user"] : {}));

/** client-node knows kubectl's `tokenFile` only in the shape that it uses inside a pod; read again every minute, as client-go does. */
const fromTokenFile = (file: string, directory: string) => ({
  name: "tokenFile",
  config: { tokenFile: isAbsolute(file) ? file : join(directory, file) },
});

/**
 * Reads a kubeconfig (YAML or JSON) as kubectl means it: paths are relative to `directory`, and a `tokenFile` is a token
 * (k8s.io/client-go tools/clientcmd/api/v1 AuthInfo). Throws as `parseKubeconfig` does, for entries that lack a name, a server or a
 * cluster, and for user members that would be lost.
 */
export const readKubeconfig = (text: string, directory: string): KubeConfig => {
  const raw = rawUsers(parseKubeconfig(text));
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromString(text);
  kubeconfig.makePathsAbsolute(directory);
  const users = kubeconfig.getUsers().map((user, index): User => {
    const lost = dropped.find((key) => raw[index]?.[key] != null);
    if (lost) throw new Error(`users[${index}].user.${lost} (${user.name}): only "as" is supported`);
    const file = raw[index]?.["tokenFile"];
    return typeof file === "string" && file !== "" ? { ...user, authProvider: fromTokenFile(file, directory) } : user;
  });
  kubeconfig.loadFromOptions({
    clusters: kubeconfig.getClusters(),
    contexts: kubeconfig.getContexts(),
    users,
    currentContext: kubeconfig.getCurrentContext(),
  });
  return kubeconfig;
};
