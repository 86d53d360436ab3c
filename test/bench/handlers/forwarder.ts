import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { checkedContext } from "../../../functions/cluster/checked-context.ts";
import { readKubeconfig } from "../../../functions/cluster/kubeconfig.ts";
import { clientReplyOf } from "../../../functions/proxy/client-reply.ts";
import { forward } from "../../../functions/proxy/forward.ts";
import { openUpstream } from "../../../functions/proxy/upstream.ts";
import { type HeaderLine, outgoingLines } from "../../../lib/proxy/index.ts";

/** The forwarding of the proxy alone: every request goes on as one user, and nothing is asked or logged. */
const [kubeconfig = "", cert = "", key = ""] = process.argv.slice(2);
const upstream = openUpstream(checkedContext(readKubeconfig(readFileSync(kubeconfig, "utf8"), "/"), "actor"));
const server = createSecureServer({ allowHTTP1: true, cert: readFileSync(cert), key: readFileSync(key) });
const acting: readonly HeaderLine[] = [["Impersonate-User", "alice"]];
server.on("secureConnection", (socket) => socket.setNoDelay(true));
server.on("request", (request, response) => {
  const { rawHeaders } = request;
  const lines = rawHeaders.flatMap((name, at): HeaderLine[] =>
    at % 2 === 0 && !name.startsWith(":") ? [[name, rawHeaders[at + 1] ?? ""]] : [],
  );
  const admitted = {
    facts: { cluster: "", peer: "" },
    request: {
      method: request.method,
      target: request.url,
      lines: outgoingLines(lines, { acting, peer: "127.0.0.1" }),
      credential: { kind: "actor" as const },
    },
    prefix: "",
    deadline: Date.now() + 60_000,
    isProxied: false,
    leave: () => {},
  };
  void forward(admitted, request, clientReplyOf(response), upstream);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
console.log(`listening on https://127.0.0.1:${(server.address() as AddressInfo).port}`);
