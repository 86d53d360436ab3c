import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { account, region } from "./moto.ts";

/** A call of an AWS API, in the terms of an IAM policy. */
export interface AwsRequest {
  readonly action: string;
  /** Undefined for actions without resources. */
  readonly resource?: string;
}

export interface Recorder {
  readonly url: string;
  readonly asked: AwsRequest[];
  readonly stop: () => void;
}

/** The service that a request was signed for. */
const serviceOf = ({ headers }: IncomingMessage): string =>
  /Credential=[^/]+\/\d+\/[^/]+\/([\w-]+)\//.exec(headers.authorization ?? "")?.[1] ?? "";

const objectActions: Readonly<Record<string, string>> = { PUT: "PutObject", GET: "GetObject", HEAD: "GetObject" };

/** Reads a call of osls; throws for an unknown call. */
const awsRequestOf = (incoming: IncomingMessage, body: string): AwsRequest => {
  const service = serviceOf(incoming);
  const { pathname, searchParams } = new URL(incoming.url ?? "/", "http://aws");
  if (service === "cloudformation" || service === "sts") {
    const form = new URLSearchParams(body);
    const stack = form.get("StackName");
    const arn = stack?.startsWith("arn:") ? stack : `arn:aws:cloudformation:${region}:${account}:stack/${stack}/1`;
    return { action: `${service}:${form.get("Action")}`, ...(stack && { resource: arn }) };
  }
  const [, bucket = "", key = ""] = /^\/([^/]+)\/(.*)$/.exec(decodeURIComponent(pathname)) ?? [];
  if (service === "s3" && key !== "" && incoming.method && objectActions[incoming.method])
    return { action: `s3:${objectActions[incoming.method]}`, resource: `arn:aws:s3:::${bucket}/${key}` };
  if (service === "s3" && (incoming.method === "HEAD" || searchParams.has("list-type")))
    return { action: "s3:ListBucket", resource: `arn:aws:s3:::${bucket}` };
  const [, name] = /^\/2015-03-31\/functions\/([^/]+)$/.exec(pathname) ?? [];
  if (service === "lambda" && incoming.method === "GET" && name)
    return { action: "lambda:GetFunction", resource: `arn:aws:lambda:${region}:${account}:function:${name}` };
  throw new Error(`the recorder does not know the action of ${service} ${incoming.method} ${incoming.url}`);
};

/** moto runs cfn-lint and treats its warnings as errors. test/templates runs it, too, and allows the known warnings. */
const validTemplate = `<ValidateTemplateResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><ValidateTemplateResult/></ValidateTemplateResponse>`;

/** A server in front of moto that records the calls. */
export const startRecorder = async (moto: string): Promise<Recorder> => {
  const asked: AwsRequest[] = [];
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = Buffer.concat(await incoming.toArray());
    const known = awsRequestOf(incoming, body.toString("latin1"));
    asked.push(known);
    if (known.action === "cloudformation:ValidateTemplate") {
      outgoing.writeHead(200, { "content-type": "text/xml" }).end(validTemplate);
      return;
    }
    const { method, headers } = incoming;
    request(new URL(incoming.url ?? "/", moto), { method, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    }).end(body);
  };
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: Error) => {
      asked.push({ action: error.message });
      outgoing.writeHead(501).end();
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
};
