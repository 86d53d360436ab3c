import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface HealthServer {
  readonly port: number;
  readonly close: () => void;
}

/** Why the server is not ready, a sentence; undefined where it is. */
export type Readiness = () => Promise<string | undefined>;

/**
 * Answers `GET /livez` and `GET /readyz` over plain HTTP on a port of its own, which no caller of the proxy needs to reach. Rejects where
 * the port cannot be listened on.
 */
export async function serveHealth(
  at: { readonly port: number; readonly host: string | undefined },
  doubt: Readiness,
): Promise<HealthServer> {
  const answer = async (path: string): Promise<readonly [status: number, text: string]> => {
    if (path === "/livez") return [200, "ok"];
    if (path !== "/readyz") return [404, "only /livez and /readyz are served here"];
    const why = await doubt();
    return why === undefined ? [200, "ok"] : [503, why];
  };
  const server = createServer((request, response) => {
    const [path = ""] = (request.url ?? "").split("?");
    const isRead = request.method === "GET" || request.method === "HEAD";
    const answered = isRead ? answer(path) : Promise.resolve([405, "only GET is served here"] as const);
    answered
      .catch(() => [500, "the readiness could not be found out"] as const)
      .then(([status, text]) => {
        response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" });
        response.end(`${text}\n`);
      })
      .catch(() => response.destroy());
  });
  server.listen(at.port, at.host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
