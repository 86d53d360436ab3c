import { once } from "node:events";
import { createServer, request, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { certificatesFrom, newAuthority } from "../../../infra/local/certificates.ts";
import type { HeaderLine } from "../../../lib/proxy/index.ts";
import type { Stage } from "./stage.ts";

/** What a proxy does wrong, or in another way. Without a fault it impersonates a caller as it should. */
export interface Fault {
  /** The caller's own header lines go on in front of the proxy's. */
  readonly passesImpersonation?: true;
  /** `_` in the name of a header is `-`, as in some gateways. */
  readonly readsUnderscores?: true;
  /** What the caller names in `Connection` is removed from the proxy's own lines too. */
  readonly obeysConnection?: true;
  /** The headers of a front proxy are believed from every sender. */
  readonly believesRemoteUser?: true;
  readonly dropsGroups?: true;
  readonly dropsExtra?: true;
  /** A request without a credential is the acting account's. */
  readonly actsForNobody?: true;
  /** An unknown token is a request without a credential. */
  readonly acceptsAnyToken?: true;
  /** The token of the acting account; that of `proxy-actor` where absent. */
  readonly account?: string;
  /** Requests go on with the acting account's credential alone. */
  readonly doesNotImpersonate?: true;
  /** `X-Forwarded-For` of the caller goes on. */
  readonly passesAddress?: true;
  /** The user of every token that the API server does not know, as if the proxy had a login of its own. */
  readonly ownUser?: string;
  readonly milliseconds?: number;
  readonly notAfter?: Date;
  readonly hosts?: readonly string[];
}

export interface BadProxy {
  readonly url: string;
  readonly ca: string;
  readonly close: () => void;
}

/** A small proxy over HTTP/1.1 with one fault. */
export const startBadProxy = async (stage: Stage, fault: Fault): Promise<BadProxy> => {
  const { hosts = ["localhost", "127.0.0.1"], notAfter } = fault;
  const { ca, cert, key } = await certificatesFrom(await newAuthority(), { hosts, ...(notAfter && { notAfter }) });
  const tls: ServerOptions = { cert, key };
  const server = createServer(tls, async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { rawHeaders } = incoming;
    const lines = rawHeaders.flatMap((name, at): HeaderLine[] =>
      at % 2 === 0 ? [[fault.readsUnderscores ? name.replaceAll("_", "-") : name, rawHeaders[at + 1] ?? ""]] : [],
    );
    if (fault.milliseconds) await sleep(fault.milliseconds);
    const acting = await actingLines(stage, fault, lines);
    if (typeof acting === "number") {
      outgoing.writeHead(acting).end();
      return;
    }
    const sent = [...keptLines(fault, lines), ...acting];
    const named = fault.obeysConnection ? valuesOf(lines, "connection").join(",").toLowerCase() : "";
    const headers = sent.filter(([name]) => !named.includes(name.toLowerCase())).flat();
    const url = new URL(incoming.url ?? "", stage.connection.url);
    const upstream = request(url, { method: incoming.method ?? "", ca: stage.connection.caPem, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 0, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    upstream.on("error", () => outgoing.destroy());
    upstream.end(Buffer.concat(chunks));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    ca,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

const valuesOf = (lines: readonly HeaderLine[], wanted: string): readonly string[] =>
  lines.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);

/** The doctor sends it. */
const unknownToken = "impersonation-admission-doctor-unknown-token";

const ofTheProxy = /^(authorization|connection|host|impersonate.*|x[-_]remote.*|x-forwarded-.*)$/i;

const keptLines = (fault: Fault, lines: readonly HeaderLine[]): readonly HeaderLine[] =>
  lines.filter(
    ([name]) =>
      !ofTheProxy.test(name) ||
      (fault.passesImpersonation && /^impersonate-/i.test(name)) ||
      (fault.passesAddress && /^x-forwarded-for$/i.test(name)),
  );

/** What makes the request the caller's; a status where it is refused. */
const actingLines = async (
  stage: Stage,
  fault: Fault,
  lines: readonly HeaderLine[],
): Promise<readonly HeaderLine[] | number> => {
  const { url, tokens } = stage.connection;
  const host: HeaderLine = ["Host", new URL(url).host];
  const account: HeaderLine = ["Authorization", `Bearer ${fault.account ?? tokens["proxy-actor"]}`];
  const [authorization] = valuesOf(lines, "authorization");
  if (fault.doesNotImpersonate) return [host, account];
  const [remote] = fault.believesRemoteUser ? valuesOf(lines, "x-remote-user") : [];
  if (remote !== undefined) return [host, account, ["Impersonate-User", remote]];
  if (authorization === undefined) return fault.actsForNobody ? [host, account] : [host];
  const token = authorization.replace("Bearer ", "");
  const { status, body } = await stage.api(
    { name: "caller", token },
    {
      method: "POST",
      path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
    },
  );
  if (status !== 201 && fault.ownUser !== undefined && token !== unknownToken)
    return [host, account, ["Impersonate-User", fault.ownUser]];
  if (status !== 201) return fault.acceptsAnyToken ? [host] : 401;
  const { username, groups = [], extra = {} } = body.status.userInfo;
  return [
    ...[host, account],
    ["Impersonate-User", username],
    ...(fault.dropsGroups ? [] : groups.map((group: string) => ["Impersonate-Group", group] as const)),
    ...(fault.dropsExtra
      ? []
      : Object.entries(extra as Record<string, readonly string[]>).flatMap(([key, values]) =>
          values.map((value) => [`Impersonate-Extra-${encodeURIComponent(key)}`, value] as const),
        )),
  ];
};
