import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface HealthServer {
  readonly port: number;
  readonly close: () => void;
}

/** Metrics, and the type of their text. */
export interface Scrape {
  readonly contentType: string;
  readonly text: () => Promise<string>;
}

/** Why the server is not ready, a sentence; undefined where it is. */
export type Readiness = () => Promise<string | undefined>;

type Answered = readonly [status: number, text: string, contentType?: string];

const plain = "text/plain; charset=utf-8";

/**
 * Answers `GET /livez`, `GET /readyz` and `GET /metrics` over plain HTTP on a port of its own, which no caller of the proxy needs to reach. Rejects where
 * the port cannot be listened on.
 */
export async function serveHealth(
  at: { readonly port: number; readonly host: string | undefined },
  doubt: Readiness,
  scrape?: Scrape,
): Promise<HealthServer> {
  const answer = async (path: string): Promise<Answered> => {
    if (path === "/livez") return [200, "ok\n"];
    if (path === "/metrics" && scrape) return [200, await scrape.text(), scrape.contentType];
    if (path !== "/readyz") return [404, "only /livez, /readyz and /metrics are served here\n"];
    const why = await doubt();
    return why === undefined ? [200, "ok\n"] : [503, `${why}\n`];
  };
  const server = createServer((request, response) => {
    const [path = ""] = (request.url ?? "").split("?");
    const isRead = request.method === "GET" || request.method === "HEAD";
    const answered = isRead ? answer(path) : Promise.resolve<Answered>([405, "only GET is served here\n"]);
    answered
      .catch((): Answered => [500, "the answer could not be found out\n"])
      .then(([status, text, type = plain]) => {
        response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
        response.end(text);
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
