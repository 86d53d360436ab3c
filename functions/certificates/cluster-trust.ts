import type { X509Certificate } from "node:crypto";
import { isObject, type Problem } from "../../lib/meta/json.ts";
import type { FrontProxyHeaders } from "../../lib/proxy/index.ts";
import { readCaBundle } from "../cluster/ca-bundle.ts";

/** Whose certificates an API server accepts from its clients. */
export interface ClusterTrust {
  /** The CAs of its client certificates; none where it accepts none. */
  readonly clientCas: readonly X509Certificate[];
  /** Absent where it accepts no front proxy. */
  readonly frontProxy?: FrontProxyTrust;
}

/** The front proxies of an API server: programs that authenticate users, and name them in headers. */
export interface FrontProxyTrust {
  readonly cas: readonly X509Certificate[];
  /** The common names that a front proxy may have; every one where there is none. */
  readonly allowedNames: readonly string[];
  readonly headers: FrontProxyHeaders;
}

/** Of an API server that says nothing. */
export const noClusterTrust: ClusterTrust = { clientCas: [] };

/**
 * Reads the ConfigMap `extension-apiserver-authentication` in `kube-system`, in which an API server publishes its `--client-ca-file` and its
 * `--requestheader-*`, as API servers behind it do (`k8s.io/apiserver` pkg/authentication/request/headerrequest).
 */
export function readClusterTrust(configMap: unknown): ClusterTrust | Problem {
  const data = isObject(configMap) && isObject(configMap["data"]) ? configMap["data"] : {};
  const casOf = (key: string) => (typeof data[key] === "string" ? readCaBundle(data[key]).certificates : []);
  const clientCas = casOf("client-ca-file");
  const cas = casOf("requestheader-client-ca-file");
  if (cas.length === 0) return { clientCas };
  const lists = Object.entries(listKeys).map(([name, key]) => [name, textsIn(data[key])] as const);
  const odd = lists.find(([, texts]) => texts === undefined)?.[0];
  if (odd !== undefined) return { problem: `${listKeys[odd as ListName]} is not a list of strings` };
  const { allowedNames, ...names } = Object.fromEntries(lists) as Record<ListName, readonly string[]>;
  const noName = Object.values(names)
    .flat()
    .find((name) => !headerName.test(name));
  if (noName !== undefined) return { problem: `${JSON.stringify(noName)} is not the name of a header` };
  const lower = (texts: readonly string[]) => texts.map((text) => text.toLowerCase());
  const headers = {
    username: lower(names.username),
    uid: lower(names.uid),
    group: lower(names.group),
    extraPrefix: lower(names.extraPrefix),
  };
  return { clientCas, frontProxy: { cas, allowedNames, headers } };
}

const listKeys = {
  username: "requestheader-username-headers",
  uid: "requestheader-uid-headers",
  group: "requestheader-group-headers",
  extraPrefix: "requestheader-extra-headers-prefix",
  allowedNames: "requestheader-allowed-names",
} as const;
type ListName = keyof typeof listKeys;

/** An empty prefix would make every header one of the user's. */
const headerName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** The strings of a JSON array; none where there is no text. */
const textsIn = (json: unknown): readonly string[] | undefined => {
  if (json === undefined || json === "") return [];
  try {
    const list: unknown = JSON.parse(String(json));
    if (list === null) return [];
    return Array.isArray(list) && list.every((item) => typeof item === "string") ? list : undefined;
  } catch {
    return undefined;
  }
};
