import { isAbsolute, join, sep } from "node:path";
import { isObject, type JsonObject, member } from "../../lib/meta/json.ts";
import { readDocument } from "../yaml/documents.ts";

/** The `extensions` of an entry, by their names. */
export type Extensions = ReadonlyMap<string, unknown>;

/** A cluster, `tools/clientcmd/api/v1` Cluster. A text that is absent is "". */
export interface KubeconfigCluster {
  readonly server: string;
  readonly tlsServerName: string;
  readonly insecure: boolean;
  readonly ca: Source;
  readonly proxyUrl: string;
  readonly disableCompression: boolean;
  readonly extensions: Extensions;
}

/** A user, `tools/clientcmd/api/v1` AuthInfo. */
export interface KubeconfigUser {
  readonly certificate: Source;
  readonly key: Source;
  readonly token: string;
  readonly tokenFile: string;
  readonly as: string;
  readonly asUid: string;
  readonly asGroups: readonly string[];
  readonly asExtra: Readonly<Record<string, readonly string[]>>;
  readonly username: string;
  readonly password: string;
  readonly authProvider: boolean;
  readonly exec: KubeconfigExec | undefined;
}

/** An exec plugin, `tools/clientcmd/api/v1` ExecConfig. */
export interface KubeconfigExec {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly interactiveMode: string;
  readonly provideClusterInfo: boolean;
}

export interface KubeconfigContext {
  readonly cluster: string;
  readonly user: string;
  readonly extensions: Extensions;
}

/** PEM: the file that a field names, and the content of the field `<field>-data`. "" and an empty buffer are absent. */
export interface Source {
  readonly field: string;
  readonly file: string;
  readonly data: Buffer;
}

/** A kubeconfig whose paths are absolute, each entry by its name. */
export interface Kubeconfig {
  readonly clusters: ReadonlyMap<string, KubeconfigCluster>;
  readonly users: ReadonlyMap<string, KubeconfigUser>;
  readonly contexts: ReadonlyMap<string, KubeconfigContext>;
  readonly currentContext: string;
}

/** A mapping of a kubeconfig, and its place: `users[0].user`. Its members are read as Go reads JSON: null is absent. */
interface At {
  readonly path: string;
  readonly object: JsonObject;
}

const fail = (why: string): never => {
  throw new Error(`is not a kubeconfig: ${why}`);
};

const kindOf = (value: unknown): string =>
  Array.isArray(value) ? "a list" : isObject(value) ? "a mapping" : `a ${typeof value}`;

const wrong = (path: string, value: unknown, wanted: string): never => {
  const hint = wanted === "a string" && typeof value !== "object" ? "; put it in quotes" : "";
  return fail(`${path} is ${kindOf(value)} and must be ${wanted}${hint}`);
};

const under = ({ path }: At, key: string): string => (path === "" ? key : `${path}.${key}`);

const textIn = (path: string, value: unknown): string =>
  value == null ? "" : typeof value === "string" ? value : wrong(path, value, "a string");

const text = (at: At, key: string): string => textIn(under(at, key), member(at.object, key));

const flag = (at: At, key: string): boolean => {
  const value = member(at.object, key);
  return value == null ? false : typeof value === "boolean" ? value : wrong(under(at, key), value, "true or false");
};

const mappingIn = (path: string, value: unknown): At =>
  value == null ? { path, object: {} } : isObject(value) ? { path, object: value } : wrong(path, value, "a mapping");

const mapping = (at: At, key: string): At => mappingIn(under(at, key), member(at.object, key));

const list = <T>(at: At, key: string, read: (path: string, item: unknown) => T): readonly T[] => {
  const value = member(at.object, key);
  if (value == null) return [];
  return Array.isArray(value)
    ? value.map((item, index) => read(`${under(at, key)}[${index}]`, item))
    : wrong(under(at, key), value, "a list");
};

/** A list of named entries, which client-go turns into a map: of two with one name, either could be meant (api/v1/conversion.go). */
const named = <T>(at: At, key: string, read: (entry: At) => T): ReadonlyMap<string, T> => {
  const entries = new Map<string, T>();
  for (const entry of list(at, key, mappingIn)) {
    const name = text(entry, "name");
    if (entries.has(name))
      fail(`${under(at, key)} holds the name ${JSON.stringify(name.slice(0, 100))} twice; rename one of the two`);
    entries.set(name, read(entry));
  }
  return entries;
};

const extensionsOf = (at: At): Extensions => named(at, "extensions", ({ object }) => member(object, "extension"));

const base64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const dataOf = (at: At, key: string): Buffer => {
  const data = text(at, key).replace(/[\r\n]/g, "");
  return base64.test(data) ? Buffer.from(data, "base64") : fail(`${under(at, key)} is not base64`);
};

const execOf = (at: At, absolute: (path: string) => string): KubeconfigExec => {
  const command = text(at, "command");
  return {
    apiVersion: text(at, "apiVersion"),
    command: command.includes(sep) ? absolute(command) : command,
    args: list(at, "args", textIn),
    env: list(at, "env", mappingIn).map((entry) => ({ name: text(entry, "name"), value: text(entry, "value") })),
    interactiveMode: text(at, "interactiveMode"),
    provideClusterInfo: flag(at, "provideClusterInfo"),
  };
};

const userOf = (at: At, absolute: (path: string) => string): KubeconfigUser => {
  const extra = mapping(at, "as-user-extra");
  extensionsOf(at);
  return {
    certificate: sourceOf(at, "client-certificate", absolute),
    key: sourceOf(at, "client-key", absolute),
    token: text(at, "token"),
    tokenFile: absolute(text(at, "tokenFile")),
    as: text(at, "as"),
    asUid: text(at, "as-uid"),
    asGroups: list(at, "as-groups", textIn),
    asExtra: Object.fromEntries(Object.keys(extra.object).map((key) => [key, list(extra, key, textIn)])),
    username: text(at, "username"),
    password: text(at, "password"),
    authProvider: member(at.object, "auth-provider") != null,
    exec: member(at.object, "exec") == null ? undefined : execOf(mapping(at, "exec"), absolute),
  };
};

const sourceOf = (at: At, field: string, absolute: (path: string) => string): Source => ({
  field,
  file: absolute(text(at, field)),
  data: dataOf(at, `${field}-data`),
});

const clusterOf = (at: At, absolute: (path: string) => string): KubeconfigCluster => ({
  server: text(at, "server"),
  tlsServerName: text(at, "tls-server-name"),
  insecure: flag(at, "insecure-skip-tls-verify"),
  ca: sourceOf(at, "certificate-authority", absolute),
  proxyUrl: text(at, "proxy-url"),
  disableCompression: flag(at, "disable-compression"),
  extensions: extensionsOf(at),
});

const contextOf = (at: At): KubeconfigContext => {
  text(at, "namespace");
  return { cluster: text(at, "cluster"), user: text(at, "user"), extensions: extensionsOf(at) };
};

/**
 * Reads a kubeconfig (YAML or JSON) as client-go reads it (tools/clientcmd `Load` and `ResolveLocalPaths`): a value of another type, a name
 * that stands twice in a list, and data that is not base64 make all of it unreadable; members that are unknown are ignored. Paths are
 * relative to `directory`. Throws an Error that names the field and quotes no value.
 */
export function readKubeconfig(content: string, directory: string): Kubeconfig {
  const document = readDocument(content) ?? {};
  if (!isObject(document)) return fail("it is not a mapping");
  const at = { path: "", object: document };
  const [kind, version] = [text(at, "kind"), text(at, "apiVersion")];
  if (!["", "Config"].includes(kind) || !["", "v1"].includes(version)) fail("its kind is not Config of apiVersion v1");
  const absolute = (path: string): string => (path === "" || isAbsolute(path) ? path : join(directory, path));
  extensionsOf(at);
  extensionsOf(mapping(at, "preferences"));
  return {
    clusters: named(at, "clusters", (entry) => clusterOf(mapping(entry, "cluster"), absolute)),
    users: named(at, "users", (entry) => userOf(mapping(entry, "user"), absolute)),
    contexts: named(at, "contexts", (entry) => contextOf(mapping(entry, "context"))),
    currentContext: text(at, "current-context"),
  };
}

/** Merges kubeconfigs as kubectl merges those of `$KUBECONFIG`: of two entries with one name, the first counts, whole. */
export function mergeKubeconfigs(all: readonly Kubeconfig[]): Kubeconfig {
  const first = <T>(maps: readonly ReadonlyMap<string, T>[]) => new Map(maps.toReversed().flatMap((map) => [...map]));
  return {
    clusters: first(all.map(({ clusters }) => clusters)),
    users: first(all.map(({ users }) => users)),
    contexts: first(all.map(({ contexts }) => contexts)),
    currentContext: all.find(({ currentContext }) => currentContext !== "")?.currentContext ?? "",
  };
}
