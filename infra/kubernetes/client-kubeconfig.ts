/** The credential of a kubeconfig: `tools/clientcmd/api/v1` AuthInfo, as far as it is written here. */
export type ClientCredential =
  | { readonly token: string }
  | { readonly tokenFile: string }
  | { readonly "client-certificate-data": string; readonly "client-key-data": string }
  | { readonly exec: ExecPluginEntry };

/** `tools/clientcmd/api/v1` ExecConfig. */
export interface ExecPluginEntry {
  readonly apiVersion: "client.authentication.k8s.io/v1";
  readonly command: string;
  readonly args?: readonly string[];
  readonly installHint?: string;
  readonly interactiveMode: "IfAvailable";
}

export interface ClientKubeconfigOptions {
  readonly server: string;
  /** PEM; absent: the roots of the client's system. */
  readonly ca?: string | undefined;
  readonly credential: ClientCredential;
  /** Of the cluster, the user and the context. */
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** A kubeconfig with one context. */
export function clientKubeconfig({ server, ca, credential, name, namespace }: ClientKubeconfigOptions): object {
  const caData = ca === undefined ? {} : { "certificate-authority-data": Buffer.from(ca).toString("base64") };
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server, ...caData } }],
    users: [{ name, user: credential }],
    contexts: [{ name, context: { cluster: name, user: name, ...(namespace !== undefined && { namespace }) } }],
    "current-context": name,
  };
}

/** An exec plugin that may ask a person where there is one. */
export function execPluginEntry(command: string, args: readonly string[], installHint?: string): ExecPluginEntry {
  return {
    apiVersion: "client.authentication.k8s.io/v1",
    command,
    ...(args.length > 0 && { args }),
    ...(installHint !== undefined && { installHint }),
    interactiveMode: "IfAvailable",
  };
}
