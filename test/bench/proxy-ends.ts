import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { throwAwayCertificates } from "../../infra/local/certificates.ts";
import { proxyNodeOptions, type ServedProcess, serveProcess, serveProgram } from "../soak/served.ts";
import { goProgram } from "./go-programs.ts";

/** The two ends of a proxy that is measured, and what each kind of proxy needs to stand between them. */
export interface ProxyEnds {
  readonly caFile: string;
  /** A server in Go that answers reviews, and otherwise what the clients ask for. */
  readonly upstream: ServedProcess;
  /** The whole proxy, as `npm run proxy` starts it. */
  readonly serveDoor: () => Promise<ServedProcess>;
  /** The forwarding of the proxy alone. */
  readonly serveForwarder: () => Promise<ServedProcess>;
  /** Go's `httputil.ReverseProxy`. */
  readonly servePeer: () => Promise<ServedProcess>;
  readonly stop: () => Promise<void>;
}

export const startProxyEnds = async (): Promise<ProxyEnds> => {
  const folder = mkdtempSync(join(tmpdir(), "proxy-ends-"));
  const { ca, cert, key } = await throwAwayCertificates({ hosts: ["127.0.0.1", "localhost"] });
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const [caFile, certFile, keyFile] = [file("ca.pem", ca), file("cert.pem", cert), file("key.pem", key)];
  const upstream = await serveProgram(goProgram("upstream"), [certFile, keyFile]);
  const names = ["asker", "actor"];
  const config = {
    clusters: [{ name: "c", cluster: { server: upstream.url, "certificate-authority": caFile } }],
    users: names.map((name) => ({ name, user: { token: name } })),
    contexts: names.map((name) => ({ name, context: { cluster: "c", user: name } })),
    "current-context": "asker",
  };
  const kubeconfig = file("kubeconfig", JSON.stringify(config));
  const door = ["proxy", "--port", "0", "--kubeconfig", kubeconfig, "--actor", "actor"];
  const tls = ["--tls-cert", certFile, "--tls-key", keyFile];
  const forwarder = "test/bench/handlers/forwarder.ts";
  return {
    caFile,
    upstream,
    serveDoor: () => serveProcess("infra/cli.ts", [...door, ...tls], proxyNodeOptions),
    serveForwarder: () => serveProcess(forwarder, [kubeconfig, certFile, keyFile], proxyNodeOptions),
    servePeer: () => serveProgram(goProgram("reverse-proxy"), [upstream.url, caFile, certFile, keyFile]),
    stop: async () => {
      await upstream.stop();
      rmSync(folder, { recursive: true });
    },
  };
};
