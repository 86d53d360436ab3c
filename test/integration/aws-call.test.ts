import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { awsCaller } from "../../functions/aws/aws-caller.ts";
import { registrySource } from "../../functions/registry/registry-source.ts";
import { readSettings } from "../../functions/settings.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

type Answer = (request: IncomingMessage, response: ServerResponse, nth: number) => void;

/** A server at AWS_ENDPOINT_URL; `sockets` counts its connections. */
const service = async (answer: Answer) => {
  const seen: IncomingMessage[] = [];
  const counted = { sockets: 0 };
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    seen.push(request);
    request.resume().on("end", () => answer(request, response, seen.length));
  });
  server.on("connection", () => {
    counted.sockets += 1;
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  cleanups.push(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, counted };
};

const sessionToken = "FwoGZXIvYXdz/s3cret";
const loader = (url: string, more: NodeJS.ProcessEnv = {}) => {
  const { aws } = readSettings({
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "ASIAOWN",
    AWS_SECRET_ACCESS_KEY: "own-s3cret",
    AWS_SESSION_TOKEN: sessionToken,
    AWS_ENDPOINT_URL: url,
    ...more,
  });
  const load = registrySource("secretsmanager:clusters", awsCaller(aws), "REGISTRY");
  return (milliseconds = 30_000) => load(Date.now() + milliseconds);
};

const secret: Answer = (_, response) => {
  response.end(JSON.stringify({ SecretString: "text" }));
};
const status =
  (code: number, body = ""): Answer =>
  (_, response) => {
    response.writeHead(code).end(body);
  };
/** The first `count` requests get `answer`, all later ones the secret. */
const first =
  (count: number, answer: Answer): Answer =>
  (request, response, nth) =>
    (nth <= count ? answer : secret)(request, response, nth);

const refused = (why: string) =>
  `the registry secretsmanager:clusters cannot be read: Secrets Manager in eu-west-1 ${why}`;

describe("a request goes out again after", () => {
  test.each([
    ["an error of the server", status(500)],
    ["too many requests", status(400, '{"__type":"com.amazonaws.secretsmanager#ThrottlingException"}')],
    ["too many requests, by status", status(429)],
    ["a closed connection", ((request) => request.socket.destroy()) as Answer],
  ])("%s, twice", async (_, answer) => {
    const { url, seen } = await service(first(2, answer));
    expect(await loader(url)()).toMatchObject([{ text: "text" }]);
    expect(seen).toHaveLength(3);
  });

  test("three failures, but not a fourth time", async () => {
    const { url, seen } = await service(status(503, "<html>busy</html>"));
    await expect(loader(url)()).rejects.toThrow(refused("answered 503"));
    expect(seen).toHaveLength(3);
  });
});

describe("fails at once", () => {
  test.each([
    [
      "no",
      400,
      '{"__type":"AccessDeniedException","Message":"User: x"}',
      "answered 400 (AccessDeniedException); allow the function's role",
    ],
    [
      "another no",
      403,
      "<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>",
      "answered 403 (ExpiredToken)",
    ],
    ["a reply that is not from AWS", 302, "moved", "answered 302"],
  ])("%s", async (_, code, body, why) => {
    const { url, seen } = await service(status(code, body));
    await expect(loader(url)()).rejects.toThrow(refused(why));
    expect(seen).toHaveLength(1);
  });

  test("a message repeats nothing of the request or the reply", async () => {
    const body = `{"__type":"InvalidSignatureException","message":"x-amz-security-token:${sessionToken}"}`;
    const { url } = await service(status(403, body));
    const error: Error = await loader(url)().then(
      () => expect.unreachable(),
      (reason) => reason,
    );
    expect(error.message).toBe(refused("answered 403 (InvalidSignatureException)"));
    expect(`${error.stack}${error.cause}`).not.toContain("s3cret");
  });

  test("settings that are missing", async () => {
    const { url, seen } = await service(secret);
    await expect(loader(url, { AWS_REGION: "" })()).rejects.toThrow('"" is not an AWS region; set AWS_REGION');
    await expect(loader(url, { AWS_SECRET_ACCESS_KEY: "" })()).rejects.toThrow("AWS_SECRET_ACCESS_KEY are not set");
    expect(seen).toHaveLength(0);
  });
});

describe("within the deadline", () => {
  // Reading the settings takes none of the time.
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
  afterEach(() => void vi.useRealTimers());

  const late: readonly (readonly [string, Answer])[] = [
    ["no answer", () => {}],
    ["half an answer", (_, response) => void response.write('{"SecretString":')],
    ["one failure after the other", (_, response) => void setTimeout(() => response.writeHead(500).end(), 120)],
  ];
  test.each(late)("%s", async (_, answer) => {
    const { url } = await service(answer);
    const { message } = await loader(url)(250).then(
      () => expect.unreachable(),
      (reason) => reason,
    );
    expect(message).toBe(refused("did not answer within 250 ms"));
  });

  test("that is over", async () => {
    const { url } = await service(secret);
    await expect(loader(url)(-1)).rejects.toThrow(refused("did not answer within 0 ms"));
  });
});

test("one connection serves all requests", async () => {
  const { url, counted } = await service(secret);
  const load = loader(url);
  for (let nth = 0; nth < 5; nth += 1) await load();
  expect(counted.sockets).toBe(1);
});
