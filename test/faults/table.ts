import { gzipSync } from "node:zlib";
import { type Behaviour, replyOf } from "../support/faulty-peer.ts";
import type { Fault } from "./fault.ts";
import { answered, drip, inOrder, no, reply, reviewed, status, yes } from "./replies.ts";

const server = 'the API server of cluster "prod"';
const reset = `${server} cannot be reached (ECONNRESET)`;
const late = `${server} did not answer within N ms`;
const noJson = `${server} answered with invalid JSON`;

/** The rest of a timeout of two seconds: one is reserved for the way back, and 100 ms for writing. Timers are not exact. */
const untilDeadline = 850;

const head = "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\n";
const later = (act: () => void): void => void setTimeout(act, 30);

/** A user that gets a new token each time. */
export const renewing = {
  exec: {
    apiVersion: "client.authentication.k8s.io/v1beta1",
    command: "aws",
    args: ["--region", "eu-west-1", "eks", "get-token", "--cluster-name", "prod"],
  },
};
const refusingTheFirst = (): Behaviour => {
  let first: string | undefined;
  return (wire, asked) => {
    first ??= asked.authorization;
    (asked.authorization === first ? reply(401, status("Unauthorized")) : yes)(wire, asked);
  };
};

const denied = (code: 502 | 503 | 504, failure: string, seen: Partial<Fault["expected"]> = {}): Fault["expected"] => ({
  decision: "denied",
  code,
  failure,
  requests: 1,
  connections: 1,
  ...seen,
});
const permitted = (seen: Partial<Fault["expected"]> = {}): Fault["expected"] => ({
  decision: "permitted",
  requests: 1,
  connections: 1,
  ...seen,
});
const replaced = (seen: Partial<Fault["expected"]> = {}): Fault["expected"] => ({
  ...permitted(seen),
  decision: "replaced",
});
const untrusted = (code: string): Fault["expected"] =>
  denied(502, `no trusted connection to ${server} (${code}); check server, certificate-authority and tls-server-name`, {
    requests: 0,
  });

/** The connection is not established, breaks, or carries nothing. */
const connections = (): readonly Fault[] => [
  {
    name: "refused",
    greeting: "absent",
    expected: denied(503, `${server} cannot be reached (ECONNREFUSED)`, { requests: 0, connections: 0 }),
  },
  { name: "reset before the TLS handshake", greeting: "reset", expected: denied(503, reset, { requests: 0 }) },
  {
    name: "accepts, and never greets",
    greeting: "mute",
    expected: denied(504, late, { requests: 0, notBefore: untilDeadline }),
  },
  { name: "plain HTTP", greeting: "plain", expected: untrusted("EPROTO") },
  {
    name: "a certificate of another CA",
    certificate: "of another CA",
    expected: untrusted("UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
  },
  { name: "an expired certificate", certificate: "expired", expected: untrusted("CERT_HAS_EXPIRED") },
  {
    name: "a certificate for another name",
    certificate: "for another name",
    expected: untrusted("ERR_TLS_CERT_ALTNAME_INVALID"),
  },
  { name: "reset before the reply", behave: (wire) => wire.reset(), expected: denied(503, reset) },
  { name: "closed before the reply", behave: (wire) => wire.end(), expected: denied(503, reset) },
  {
    name: "reset inside the reply",
    behave: (wire) => {
      wire.send(`${head}content-length: 1000\r\n\r\n{`);
      later(wire.reset);
    },
    expected: denied(503, reset),
  },
  {
    name: "closed inside the reply",
    behave: (wire) => {
      wire.send(`${head}content-length: 1000\r\n\r\n{`);
      wire.end();
    },
    expected: denied(503, reset),
  },
  { name: "silent", behave: () => {}, expected: denied(504, late, { notBefore: untilDeadline }) },
  {
    name: "one byte of the head every 50 ms",
    behave: (wire) => drip(wire, `${head}\r\n`),
    expected: denied(504, late, { notBefore: untilDeadline }),
  },
  {
    name: "one byte of the body every 50 ms",
    behave: (wire) => {
      wire.send(`${head}content-length: 1000\r\n\r\n`);
      drip(wire, "{}");
    },
    expected: denied(504, late, { notBefore: untilDeadline }),
  },
  {
    name: "103 Early Hints for ever",
    behave: (wire) => drip(wire, "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100), 1),
    expected: denied(504, late, { notBefore: untilDeadline }),
  },
];

/** A kept connection that has changed meanwhile. */
const kept = (): readonly Fault[] => [
  {
    name: "kept, closed by the time of the next question",
    before: (wire, asked) => {
      yes(wire, asked);
      later(wire.end);
    },
    expected: permitted(),
  },
  {
    name: "kept, reset by the next question",
    before: yes,
    behave: inOrder((wire) => wire.reset(), yes),
    expected: permitted({ requests: 2 }),
  },
  {
    name: "kept, closed by the next question",
    before: yes,
    behave: inOrder((wire) => wire.end(), yes),
    expected: permitted({ requests: 2 }),
  },
  {
    name: "kept, and every connection is closed by a question",
    before: yes,
    behave: (wire) => wire.end(),
    expected: denied(503, reset, { requests: 2 }),
  },
  {
    name: "kept, then silent",
    before: yes,
    behave: () => {},
    expected: denied(504, late, { connections: 0, notBefore: untilDeadline }),
  },
  {
    name: "kept, reset inside the reply",
    before: yes,
    behave: (wire) => {
      wire.send(`${head}content-length: 1000\r\n\r\n{`);
      later(wire.reset);
    },
    expected: denied(503, reset, { connections: 0 }),
  },
  {
    name: "two replies at once, the next question on the same connection",
    before: (wire, asked) => {
      const twice = replyOf(201, answered(asked));
      wire.send(twice + twice);
    },
    behave: no,
    expected: replaced(),
  },
  {
    name: "a second reply without a request",
    before: (wire, asked) => {
      yes(wire, asked);
      later(() => yes(wire, asked));
    },
    behave: no,
    expected: replaced(),
  },
];

/** An HTTP status other than success. */
const statuses = (): readonly Fault[] => [
  ...[301, 302, 303, 307, 308].map((code) => ({
    name: `${code} to elsewhere`,
    behave: reply(code, "", { location: "https://127.0.0.1:1/" }),
    expected: denied(502, `${server} answered with a redirect (${code}), which is never followed`),
  })),
  {
    name: "401",
    behave: reply(401, status("Unauthorized")),
    expected: denied(502, 'the credentials of cluster "prod" were refused (401); renew them'),
  },
  {
    name: "401 to the first EKS token",
    user: renewing,
    behave: refusingTheFirst(),
    expected: permitted({ requests: 2 }),
  },
  {
    name: "401 to every EKS token",
    user: renewing,
    behave: reply(401, status("Unauthorized")),
    expected: denied(502, 'the credentials of cluster "prod" were refused (401); renew them', { requests: 2 }),
  },
  {
    name: "403",
    behave: reply(403, status('User "guard" cannot create resource "subjectaccessreviews"')),
    expected: denied(
      502,
      'the identity of cluster "prod" may not create subjectaccessreviews: User "guard" cannot create resource "subjectaccessreviews"',
    ),
  },
  {
    name: "404",
    behave: reply(404, status("the server could not find the requested resource")),
    expected: denied(502, `${server} answered 404: the server could not find the requested resource`),
  },
  {
    name: "409",
    behave: reply(409, status("conflict")),
    expected: denied(502, `${server} answered 409: conflict`),
  },
  {
    name: "429",
    behave: reply(429, status("slow down")),
    expected: denied(503, `${server} answered 429: slow down`, { requests: 2, notBefore: 95 }),
  },
  {
    name: "429 once",
    behave: inOrder(reply(429, status("slow down")), yes),
    expected: permitted({ requests: 2, notBefore: 95 }),
  },
  {
    name: "429 once, Retry-After: 0",
    behave: inOrder(reply(429, status("slow down"), { "retry-after": "0" }), yes),
    expected: permitted({ requests: 2, notBefore: 95 }),
  },
  {
    name: "429, Retry-After: 30",
    behave: reply(429, status("slow down"), { "retry-after": "30" }),
    expected: denied(503, `${server} answered 429: slow down`),
  },
  {
    name: "429, Retry-After: a date in ten minutes",
    behave: reply(429, "", { "retry-after": new Date(Date.now() + 600_000).toUTCString() }),
    expected: denied(503, `${server} answered 429`),
  },
  {
    name: "500",
    behave: reply(500, status("etcdserver: request timed out")),
    expected: denied(503, `${server} answered 500: etcdserver: request timed out`, { requests: 2, notBefore: 95 }),
  },
  { name: "500 once", behave: inOrder(reply(500, ""), yes), expected: permitted({ requests: 2, notBefore: 95 }) },
  {
    name: "503 with the page of a load balancer",
    behave: reply(503, "<h1>Service Unavailable</h1>", { "content-type": "text/html" }),
    expected: denied(503, `${server} answered 503`, { requests: 2, notBefore: 95 }),
  },
  { name: "503 once", behave: inOrder(reply(503, ""), yes), expected: permitted({ requests: 2, notBefore: 95 }) },
  {
    name: "503 once, then silent",
    behave: inOrder(reply(503, ""), () => {}),
    expected: denied(504, late, { requests: 2, notBefore: untilDeadline }),
  },
  { name: "202", behave: reply(202, "{}"), expected: denied(502, `${server} answered 202`) },
  {
    name: "204",
    behave: (wire) => wire.send("HTTP/1.1 204 No Content\r\n\r\n"),
    expected: denied(502, `${server} answered 204`),
  },
  {
    name: "101 Switching Protocols",
    behave: (wire) => wire.send("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"),
    expected: denied(502, `${server} answered 101`),
  },
];

/** A reply that is not HTTP, or a rare form of HTTP. */
const messages = (): readonly Fault[] => [
  {
    name: "no HTTP",
    behave: (wire) => wire.send("SSH-2.0-OpenSSH_9.9\r\n"),
    expected: denied(502, `${server} does not speak HTTP (HPE_INVALID_CONSTANT)`),
  },
  {
    name: "a head of 100 KB",
    behave: (wire) => wire.send(`${head}x: ${"x".repeat(100_000)}\r\n\r\n`),
    expected: denied(502, `${server} does not speak HTTP (HPE_HEADER_OVERFLOW)`),
  },
  {
    name: "a chunk of no size",
    behave: (wire) => wire.send(`${head}transfer-encoding: chunked\r\n\r\nxyz\r\n`),
    expected: denied(502, `${server} does not speak HTTP (HPE_INVALID_CHUNK_SIZE)`),
  },
  {
    name: "two lengths",
    behave: (wire, asked) =>
      wire.send(`${head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n${answered(asked)}`),
    expected: denied(502, `${server} does not speak HTTP (HPE_INVALID_TRANSFER_ENCODING)`),
  },
  {
    name: "100 Continue and 103 Early Hints first",
    behave: (wire, asked) => {
      wire.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n");
      yes(wire, asked);
    },
    expected: permitted(),
  },
  {
    name: "an offer to speak another protocol",
    behave: (wire, asked) =>
      wire.send(replyOf(201, answered(asked), { connection: "upgrade, keep-alive", upgrade: "h2,h2c" })),
    expected: permitted(),
  },
  {
    name: "chunked",
    behave: (wire, asked) => {
      const text = answered(asked);
      wire.send(`${head}transfer-encoding: chunked\r\n\r\n${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`);
    },
    expected: permitted(),
  },
  {
    name: "HTTP/1.0, ended by the connection",
    behave: (wire, asked) => {
      wire.send(`${head.replace("1.1", "1.0")}\r\n${answered(asked)}`);
      wire.end();
    },
    expected: permitted(),
  },
  {
    name: "HTTP/1.0, cut off",
    behave: (wire, asked) => {
      wire.send(`${head.replace("1.1", "1.0")}\r\n${answered(asked).slice(0, -2)}`);
      wire.end();
    },
    expected: denied(502, noJson),
  },
  {
    name: "gzip, which was not accepted",
    behave: (wire, asked) => {
      const body = gzipSync(answered(asked));
      wire.send(`${head}content-encoding: gzip\r\ncontent-length: ${body.length}\r\n\r\n`);
      wire.send(body);
    },
    expected: denied(502, noJson),
  },
  {
    name: "2 MiB",
    behave: reply(201, " ".repeat(2 * 1024 * 1024)),
    expected: denied(502, `${server} answered with more than 1 MiB`),
  },
];

/** A successful reply whose body is not an answer. */
const bodies = (): readonly Fault[] => [
  {
    name: "HTML",
    behave: reply(200, "<h1>It works!</h1>", { "content-type": "text/html" }),
    expected: denied(502, noJson),
  },
  { name: "nothing", behave: reply(200, ""), expected: denied(502, noJson) },
  {
    name: "half of the JSON",
    behave: (wire, asked) => wire.send(replyOf(201, answered(asked).slice(0, -2))),
    expected: denied(502, noJson),
  },
  {
    name: "a list",
    behave: reply(201, "[]"),
    expected: denied(502, "the SubjectAccessReview came back as something that is not an object"),
  },
  {
    name: "another kind",
    behave: reply(201, JSON.stringify({ apiVersion: "v1", kind: "Pod", status: { allowed: true } })),
    expected: denied(502, "the SubjectAccessReview came back with another kind or apiVersion"),
  },
  {
    name: "no status",
    behave: (wire, { body }) => wire.send(replyOf(201, body)),
    expected: denied(502, "the SubjectAccessReview came back without a status"),
  },
  {
    name: "no allowed",
    behave: reviewed({ reason: "who knows" }),
    expected: denied(502, "the SubjectAccessReview came back without a boolean status.allowed"),
  },
  {
    name: 'allowed: "true"',
    behave: reviewed({ allowed: "true" }),
    expected: denied(502, "the SubjectAccessReview came back without a boolean status.allowed"),
  },
  {
    name: 'denied: "false" beside allowed',
    behave: reviewed({ allowed: true, denied: "false" }),
    expected: denied(502, "the SubjectAccessReview came back with a status.denied that is not a boolean"),
  },
  { name: "allowed and denied", behave: reviewed({ allowed: true, denied: true }), expected: replaced() },
  {
    name: "evaluationError beside allowed",
    behave: reviewed({ allowed: true, evaluationError: "webhook authorizer: timed out" }),
    expected: permitted(),
  },
  {
    name: "evaluationError, not allowed",
    behave: reviewed({ allowed: false, evaluationError: "webhook authorizer: timed out" }),
    expected: denied(502, "the SubjectAccessReview came back with an evaluation error: webhook authorizer: timed out"),
  },
  {
    name: "evaluationError, allowed and denied",
    behave: reviewed({ allowed: true, denied: true, evaluationError: "webhook authorizer: timed out" }),
    expected: denied(502, "the SubjectAccessReview came back with an evaluation error: webhook authorizer: timed out"),
  },
  {
    name: "a yes to another question",
    behave: (wire, asked) =>
      wire.send(replyOf(201, answered({ ...asked, body: asked.body.replace('"bob"', '"carol"') }))),
    expected: denied(502, "the SubjectAccessReview came back with another question"),
  },
  {
    name: "a yes to no question",
    behave: (wire, asked) => {
      const { spec: _, ...rest } = JSON.parse(answered(asked));
      wire.send(replyOf(201, JSON.stringify(rest)));
    },
    expected: denied(502, "the SubjectAccessReview came back with another question"),
  },
];

/** All faults. Made anew for each use, because some have a state. */
export const faults = (): readonly Fault[] => [...connections(), ...kept(), ...statuses(), ...messages(), ...bodies()];
