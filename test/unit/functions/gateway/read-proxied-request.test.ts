import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from "aws-lambda";
import { expect, test } from "vitest";
import { readProxiedRequest } from "../../../../functions/gateway/read-proxied-request.ts";

type Parts<Event> = { readonly [Name in keyof Event]?: unknown };

/** Payload 1.0, as a REST API sends it at its own host name. */
const rest = (path: string, parts: Parts<APIGatewayProxyEvent> = {}, context: object = {}) =>
  ({
    path,
    httpMethod: "GET",
    multiValueHeaders: { Host: ["id.execute-api.eu-west-1.amazonaws.com"] },
    multiValueQueryStringParameters: null,
    body: null,
    isBase64Encoded: false,
    requestContext: { path: `/v1${path}`, identity: { sourceIp: "192.0.2.7" }, ...context },
    ...parts,
  }) as APIGatewayProxyEvent;

/** Payload 2.0, as a Function URL sends it. */
const url = (rawPath: string, parts: Parts<APIGatewayProxyEventV2> = {}) =>
  ({
    rawPath,
    rawQueryString: "",
    headers: { host: "id.lambda-url.eu-west-1.on.aws" },
    requestContext: { http: { method: "GET", sourceIp: "192.0.2.7" } },
    isBase64Encoded: false,
    ...parts,
  }) as APIGatewayProxyEventV2;

const pods = "/k8s/clusters/prod/api/v1/pods";

test.each<[what: string, event: unknown, expected: object]>([
  ["the stage is in front of the path", rest(pods), { base: "/v1", target: pods, method: "GET", peer: "192.0.2.7" }],
  ["a base path of a domain name", rest(`/team${pods}`, {}, { path: `/team${pods}` }), { base: "/team", target: pods }],
  ["a domain name without a base path", rest(pods, {}, { path: pods }), { base: "", target: pods }],
  ["a slash at the end", rest(`${pods}/`), { target: `${pods}/` }],
  [
    "characters that are never encoded",
    rest(`${pods}/system:a,b+c@d=e~!$&'()*`),
    { target: `${pods}/system:a,b+c@d=e~!$&'()*` },
  ],
  ["another path", rest("/api/v1/pods"), { base: "/v1", target: "/api/v1/pods" }],
  [
    "a decoded query is encoded, and repeats keep their order",
    rest(pods, {
      multiValueQueryStringParameters: { labelSelector: ["a in (b, c)"], x: ["2", "1"], sinceTime: ["+02:00"] },
    }),
    { target: `${pods}?labelSelector=a%20in%20(b%2C%20c)&x=2&x=1&sinceTime=%2B02%3A00` },
  ],
  [
    "a value cannot become a parameter",
    rest(pods, { multiValueQueryStringParameters: { a: ["1&watch=1;b=%26#"] } }),
    { target: `${pods}?a=1%26watch%3D1%3Bb%3D%2526%23` },
  ],
  [
    "a parameter without a value",
    rest(pods, { multiValueQueryStringParameters: { watch: [""] } }),
    { target: `${pods}?watch=` },
  ],
  ["an HTTP API with a stage", url(`/prod${pods}`), { base: "/prod", target: pods }],
  ["the query of payload 2.0 stays as it is", url(pods, { rawQueryString: "a=%41&b" }), { target: `${pods}?a=%41&b` }],
  [
    "repeated headers are lines",
    rest(pods, { multiValueHeaders: { Host: ["h"], "Impersonate-Group": ["a,b", "c"] } }),
    {
      lines: [
        ["Host", "h"],
        ["Impersonate-Group", "a,b"],
        ["Impersonate-Group", "c"],
      ],
    },
  ],
  [
    "a body, with its own length in place of the one that was named",
    rest(pods, {
      body: "AAH/",
      isBase64Encoded: true,
      multiValueHeaders: { Host: ["h"], "Content-Length": ["9"], "transfer-encoding": ["chunked"] },
    }),
    {
      body: Buffer.from([0, 1, 255]),
      lines: [
        ["Host", "h"],
        ["content-length", "3"],
      ],
    },
  ],
  ["a body that is text", rest(pods, { body: "\u00fc" }), { body: Buffer.from("\u00fc") }],
  ["an empty body is none", rest(pods, { body: "", isBase64Encoded: true }), { body: undefined }],
  [
    "a header with a comma, of which each value counts alone",
    url(pods, { headers: { host: "h", accept: "a,b" } }),
    {
      lines: [
        ["host", "h"],
        ["accept", "a,b"],
      ],
    },
  ],
  ["without a client certificate", rest(pods), { hasClientCertificate: false }],
  [
    "with a client certificate",
    rest(pods, {}, { identity: { sourceIp: "192.0.2.7", clientCert: { subjectDN: "CN=a" } } }),
    { hasClientCertificate: true },
  ],
  [
    "with a client certificate, payload 2.0",
    url(pods, {
      requestContext: { http: { method: "GET", sourceIp: "" }, authentication: { clientCert: { subjectDN: "CN=a" } } },
    }),
    { hasClientCertificate: true },
  ],
])("%s", (_, event, expected) => {
  expect(readProxiedRequest(event as APIGatewayProxyEvent)).toMatchObject(expected);
});

const character = /a character that may not have arrived as it was sent/;

test.each<[what: string, event: unknown, problem: RegExp]>([
  ["a percent sign in the path", rest(`${pods}/a%2Fb`), character],
  ["a semicolon in the path", rest(`${pods};a=b`), character],
  ["a space, which was decoded", rest(`${pods}/a b`), character],
  ["a question mark, which was decoded", rest(`${pods}?watch=1`), character],
  ["a letter beyond ASCII", rest(`${pods}/\u00fc`), character],
  ["a path of a Function URL with a percent sign", url(`${pods}/%2e%2e`), character],
  ["two slashes", rest("/k8s/clusters/prod//api"), /an empty segment/],
  ["two slashes at the end", rest(`${pods}//`), /an empty segment/],
  ["a step up", rest("/k8s/clusters/prod/../other/api"), /an empty segment/],
  ["a step up at the end", rest("/k8s/clusters/prod/.."), /an empty segment/],
  ["a step that stays", rest("/k8s/clusters/./prod"), /an empty segment/],
  ["two paths that differ", rest(pods, {}, { path: "/v1/k8s/clusters/other/api/v1/pods" }), /names two paths/],
  [
    "a query without its repeats",
    rest(pods, { queryStringParameters: { a: "1" } }),
    /no multiValueQueryStringParameters/,
  ],
  ["a query that is not Unicode", rest(pods, { multiValueQueryStringParameters: { a: ["\ud800"] } }), /not Unicode/],
  [
    "headers without their repeats",
    rest(pods, { multiValueHeaders: null, headers: { Host: "h" } }),
    /no multiValueHeaders/,
  ],
  ["groups in one line", url(pods, { headers: { "impersonate-group": "a,b" } }), /impersonate-group has a comma/],
  [
    "a group with an underscore in its header's name",
    url(pods, { headers: { Impersonate_Group: "a,b" } }),
    /Impersonate_Group has a comma/,
  ],
  [
    "two credentials in one line",
    url(pods, { headers: { authorization: "Bearer a,Bearer b" } }),
    /authorization has a comma/,
  ],
  [
    "a username beyond ASCII",
    rest(pods, { multiValueHeaders: { "Impersonate-User": ["zo\u00eb"] } }),
    /Impersonate-User is not ASCII/,
  ],
  ["a line break in a header", rest(pods, { multiValueHeaders: { a: ["b\nc"] } }), /is not ASCII/],
  ["protobuf that was read as text", rest(pods, { body: "k8s\u0000\ufffd" }), /binaryMediaTypes/],
  ["an event of another service", { Records: [] }, /is not from a REST API/],
  ["no event", null, /is not from a REST API/],
])("refused: %s", (_, event, problem) => {
  expect(readProxiedRequest(event as APIGatewayProxyEvent)).toEqual({ problem: expect.stringMatching(problem) });
});
