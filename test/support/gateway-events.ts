import type { HttpEvent } from "../../functions/gateway/read-event.ts";

/** A request, before a gateway turns it into an event. */
export interface Call {
  readonly method?: string;
  /** Without stage and query. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly base64?: boolean;
  /** The stage's name, where it is not the default one. */
  readonly stage?: string;
  /** When the gateway received it. */
  readonly receivedAt?: number;
}

const defaults = { method: "POST", path: "/", headers: { "content-type": "application/json" }, query: {}, body: "" };

const encoded = ({ body = "", base64 = false }: Call) => ({
  body: base64 ? Buffer.from(body).toString("base64") : body,
  isBase64Encoded: base64,
});

const version2 = (call: Call, particulars: object): HttpEvent => {
  const { method, path, headers, query } = { ...defaults, ...call };
  const rawPath = call.stage ? `/${call.stage}${path}` : path;
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath,
    rawQueryString: new URLSearchParams(query).toString(),
    headers,
    queryStringParameters: query,
    requestContext: {
      http: {
        method,
        path: rawPath,
        protocol: "HTTP/1.1",
        sourceIp: "192.0.2.1",
        userAgent: "kube-apiserver-admission",
      },
      stage: call.stage ?? "$default",
      timeEpoch: call.receivedAt ?? Date.now(),
      ...particulars,
    },
    ...encoded(call),
  } as unknown as HttpEvent;
};

/** An HTTP API's event (payload format 2.0): a named stage stands in the path. */
export const httpApi = (call: Call): HttpEvent => version2(call, { apiId: "api", domainName: "api.example.com" });

/** A Function URL's event: the same shape, and no stage but the default one. */
export const functionUrl = (call: Call): HttpEvent =>
  version2({ ...call, stage: "" }, { apiId: "url", domainName: "url.lambda-url.example.com", authentication: null });

/** A REST API's event (payload format 1.0): headers keep their case, null stands for none, the stage is only in requestContext. */
export const restApi = (call: Call): HttpEvent => {
  const { method, path, headers, query } = { ...defaults, ...call };
  const lists = (record: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, [value]]));
  const stage = call.stage ?? "prod";
  const event = {
    resource: "/{proxy+}",
    path,
    httpMethod: method,
    headers,
    multiValueHeaders: lists(headers),
    queryStringParameters: Object.keys(query).length > 0 ? query : null,
    multiValueQueryStringParameters: Object.keys(query).length > 0 ? lists(query) : null,
    pathParameters: { proxy: path.slice(1) },
    stageVariables: null,
    requestContext: {
      httpMethod: method,
      path: `/${stage}${path}`,
      stage,
      requestTimeEpoch: call.receivedAt ?? Date.now(),
      identity: { sourceIp: "192.0.2.1" },
    },
    ...encoded(call),
  };
  return { ...event, body: event.body === "" ? null : event.body } as unknown as HttpEvent;
};

/** Every kind of event, by the gateway that it comes from. */
export const gateways = { "HTTP API": httpApi, "Function URL": functionUrl, "REST API": restApi } as const;
