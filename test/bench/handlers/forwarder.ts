import { readFileSync } from "node:fs";
import { checkedContext } from "../../../functions/cluster/checked-context.ts";
import { readKubeconfig } from "../../../functions/cluster/kubeconfig.ts";
import { clientReplyOf } from "../../../functions/proxy/client-reply.ts";
import type { ProxyListeners } from "../../../functions/proxy/create-proxy.ts";
import { forward } from "../../../functions/proxy/forward.ts";
import { openUpstream } from "../../../functions/proxy/upstream.ts";
import { serveDoors } from "../../../functions/server/serve-doors.ts";
import { type HeaderLine, outgoingLines } from "../../../lib/proxy/index.ts";

/** The forwarding of the proxy alone: every request goes on as one user, and nothing is asked or logged. */
const [kubeconfig = "", cert = "", key = ""] = process.argv.slice(2);
const upstream = openUpstream(checkedContext(readKubeconfig(readFileSync(kubeconfig, "utf8"), "/"), "actor"));
const acting: readonly HeaderLine[] = [["Impersonate-User", "alice"]];

const onRequest: ProxyListeners["onRequest"] = (request, response) => {
  const { rawHeaders } = request;
  const lines: HeaderLine[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    if (!name.startsWith(":")) lines.push([name, rawHeaders[at + 1] ?? ""]);
  }
  const admitted = {
    facts: { peer: "" },
    request: {
      method: request.method ?? "",
      target: request.url ?? "",
      lines: outgoingLines(lines, { acting, peer: "127.0.0.1" }),
      credential: { kind: "actor" as const },
    },
    upstream,
    prefix: "",
    deadline: Date.now() + 60_000,
    isProxied: false,
    leave: () => {},
  };
  void forward(admitted, undefined, clientReplyOf(response));
};
const refuse = () => {
  throw new Error("the benchmark sends GETs only");
};
const proxy = { onRequest, onUpgrade: refuse, onConnect: refuse, onClientError: () => {} };
const tls = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
const { port } = await serveDoors({ proxy }, tls, { port: 0, host: "127.0.0.1" });
console.log(`listening on https://127.0.0.1:${port}`);
