import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createProxy, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AwsCredentials } from "../../../functions/aws/own-credentials.ts";
import { throwAwayCertificates } from "../../../infra/local/certificates.ts";
import { smithySigner } from "../../support/smithy-signer.ts";
import type { Surroundings } from "./authenticator.ts";

/** A principal that the STS knows by an access key. */
export interface Principal {
  readonly credentials: AwsCredentials;
  /** Of the session: `arn:aws:sts::123456789012:assumed-role/ROLE/SESSION`. */
  readonly arn: string;
}

export interface Sts extends Surroundings {
  /** The requested hosts, one for every request. */
  readonly asked: string[];
  readonly close: () => Promise<void>;
}

const hosts = ["sts.eu-west-1.amazonaws.com", "sts.us-gov-west-1.amazonaws.com", "sts.cn-north-1.amazonaws.com.cn"];

/** The seconds for which STS accepts a presigned URL after its date. */
const life = 15 * 60_000;

/** The sender of a GetCallerIdentity, whose signature the AWS SDK's own signer reproduces; undefined where the signature is wrong. */
const callerOf = async (request: IncomingMessage, principals: readonly Principal[]): Promise<Principal | undefined> => {
  const { host = "" } = request.headers;
  const query = Object.fromEntries(new URL(request.url ?? "/", `https://${host}`).searchParams);
  const [accessKeyId, , region = "", service = ""] = query["X-Amz-Credential"]?.split("/") ?? [];
  const principal = principals.find(({ credentials }) => credentials.accessKeyId === accessKeyId);
  if (!principal || query["X-Amz-Security-Token"] !== principal.credentials.sessionToken) return undefined;
  const time = (query["X-Amz-Date"] ?? "").replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5");
  const signingDate = new Date(time);
  if (!(Math.abs(Date.now() - signingDate.getTime()) < life)) return undefined;
  const names = query["X-Amz-SignedHeaders"]?.split(";") ?? [];
  const headers = Object.fromEntries(names.map((name) => [name, String(request.headers[name])]));
  const signed = await smithySigner({ credentials: principal.credentials, region, service }).presign(
    {
      method: request.method ?? "",
      protocol: "https:",
      hostname: host,
      path: "/",
      query: { Action: query["Action"] ?? "", Version: query["Version"] ?? "" },
      headers,
    },
    { expiresIn: Number(query["X-Amz-Expires"]), signingDate, unhoistableHeaders: new Set(names) },
  );
  return signed.query?.["X-Amz-Signature"] === query["X-Amz-Signature"] ? principal : undefined;
};

const identityOf = ({ arn }: Principal) => {
  const [, account] = /::(\d{12}):/.exec(arn) ?? [];
  return {
    GetCallerIdentityResponse: {
      GetCallerIdentityResult: { Account: account, Arn: arn, UserId: `AROAEXAMPLE:${arn.split("/").at(-1)}` },
    },
  };
};

/**
 * Plays STS for a program with a proxy and a CA of ours: every CONNECT leads to one TLS server, which answers a signed GetCallerIdentity with
 * its signer, and every other request with 403.
 */
export const startSts = async (principals: readonly Principal[]): Promise<Sts> => {
  const { ca, cert, key } = await throwAwayCertificates({ hosts });
  const folder = mkdtempSync(join(tmpdir(), "sts-"));
  const caFile = join(folder, "ca.pem");
  writeFileSync(caFile, ca);
  const asked: string[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    asked.push(request.headers.host ?? "");
    const caller = await callerOf(request, principals);
    const error = { Error: { Code: "SignatureDoesNotMatch", Message: "no", Type: "Sender" }, RequestId: "1" };
    response.writeHead(caller ? 200 : 403, { "content-type": "application/json" });
    response.end(JSON.stringify(caller ? identityOf(caller) : error));
  };
  const server = createServer({ cert, key }, (request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const proxy = createProxy().on("connect", (_request, client: Socket) => {
    const upstream = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) socket.on("error", () => [client, upstream].map((each) => each.destroy()));
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  return {
    proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    caFile,
    asked,
    close: async () => {
      for (const each of [proxy, server]) {
        each.close();
        each.closeAllConnections();
      }
      rmSync(folder, { recursive: true });
    },
  };
};
