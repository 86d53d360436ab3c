import { isProblem } from "../../lib/meta/json.ts";
import { type StatusObject, statusObject } from "../../lib/meta/status.ts";
import { bearerTokenOf, readRequestInfo } from "../../lib/proxy/index.ts";
import type { ProxiedRequest } from "../gateway/read-proxied-request.ts";

const upgrading = ["exec", "attach", "portforward"];

/**
 * Why a function cannot serve a request, although the proxy's server can; undefined where it can. A gateway may take the headers of an
 * upgrade away, so the path counts too.
 *
 * @param target what goes on to the API server
 */
export function needsServer(request: ProxiedRequest, target: string): StatusObject | undefined {
  const { method, lines, hasClientCertificate } = request;
  const info = readRequestInfo(method, target);
  const subresource = isProblem(info) ? "" : info.subresource;
  if (upgrading.includes(subresource) || lines.some(([name]) => name.toLowerCase() === "upgrade"))
    return statusObject(
      400,
      `${subresource || "this request"} needs the proxy's server (npm run proxy): exec, attach, port-forward and cp upgrade their connection, which a Lambda function cannot`,
    );
  // Without one, the request would go on as if its client had shown nothing.
  if (hasClientCertificate && bearerTokenOf(lines) === undefined)
    return statusObject(
      400,
      "a client certificate needs the proxy's server (npm run proxy): a Lambda function accepts tokens only",
    );
  return undefined;
}
