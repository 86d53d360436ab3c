import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import { connect } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createProxy, type ProxyListeners } from "../../../../functions/proxy/create-proxy.ts";
import { type DoorServer, serveDoors } from "../../../../functions/server/serve-doors.ts";
import { webhookDoor } from "../../../../functions/server/webhook-door.ts";
import { hashOfKey } from "../../../../functions/webhook/caller-key.ts";
import { type Certificates, throwAwayCertificates } from "../../../../infra/local/certificates.ts";
import { eventually } from "../../../support/eventually.ts";
import { key, no, policyOf } from "../../../support/guarded.ts";

/** The answers over HTTP/2 that have not ended. */
const open = new Set<unknown>();
const mebibyte = 1024 * 1024;
let tls: Certificates;
let server: DoorServer;

beforeAll(async () => {
  tls = await throwAwayCertificates({ hosts: ["localhost"] });
  const log = () => {};
  const prod = { name: "prod", keys: [hashOfKey(key)], policy: policyOf(), ask: no };
  const proxy = createProxy({ clusters: { named: async () => undefined }, log });
  const onRequest: ProxyListeners["onRequest"] = (request, response) => {
    if ("stream" in response) {
      const { stream } = response;
      open.add(stream);
      stream.once("close", () => open.delete(stream));
    }
    proxy.onRequest(request, response);
  };
  const webhook = webhookDoor({ registry: { clusters: new Map([["prod", prod]]), problems: [] }, log }, 200);
  server = await serveDoors({ proxy: { ...proxy, onRequest }, webhook }, tls, { port: 0, host: "127.0.0.1" });
});
afterAll(() => server.close(0));

/** A client that reads the answer only after it has sent everything, as simple clients do. */
const answerTo = async (head: string, more: Buffer): Promise<string> => {
  const socket = connect({ port: server.port, host: "127.0.0.1", servername: "localhost", ca: tls.ca });
  let text = "";
  socket.setEncoding("latin1").on("error", () => {});
  await once(socket, "secureConnect");
  socket.write(head, "latin1");
  socket.write(more, () => socket.on("data", (chunk) => (text += chunk)));
  await new Promise((resolve) => socket.on("close", resolve));
  return text;
};

const start = (line: string, ...lines: string[]): string =>
  [line, "Host: localhost", ...lines].map((each) => `${each}\r\n`).join("");
const length = `Content-Length: ${16 * mebibyte}`;
const upgrade = ["Connection: Upgrade", "Upgrade: websocket"] as const;

test.each([
  ["headers that are too large", `${start("GET /k8s/clusters/prod/version HTTP/1.1")}X-Large: `, 431],
  ["bytes that are not HTTP", "nonsense\r\n\r\n", 400],
  [
    "a body for a cluster that is not served",
    `${start("POST /k8s/clusters/prod/x HTTP/1.1", length, "Connection: close")}\r\n`,
    404,
  ],
  ["bytes behind an upgrade", `${start("GET /k8s/clusters/prod/x HTTP/1.1", ...upgrade)}\r\n`, 404],
  [
    "bytes behind an upgrade to an unknown protocol",
    `${start("GET /x HTTP/1.1", "Connection: Upgrade", "Upgrade: h3")}\r\n`,
    400,
  ],
  ["bytes behind CONNECT", `${start("CONNECT localhost:443 HTTP/1.1")}\r\n`, 400],
  [
    "a review with a wrong key",
    `${start("POST /clusters/prod/wrong/mutate HTTP/1.1", length, "Connection: close")}\r\n`,
    404,
  ],
])("a client that is still sending gets the answer to %s", async (_name, head, status) => {
  const answers = await Promise.all(Array.from({ length: 10 }, () => answerTo(head, Buffer.alloc(16 * mebibyte, "z"))));
  expect(answers.map((text) => text.slice(0, 12))).toEqual(answers.map(() => `HTTP/1.1 ${status}`));
});

test.each([
  ["NO_ERROR", constants.NGHTTP2_NO_ERROR],
  ["CANCEL", constants.NGHTTP2_CANCEL],
])("of a client that takes no answers, and resets their streams with %s, none is kept", async (_name, code) => {
  const settings = { initialWindowSize: 0 };
  const session = connectHttp2(`https://localhost:${server.port}`, { ca: tls.ca, settings });
  try {
    for (let count = 0; count < 20; count += 1) {
      const stream = session.request({ ":path": "/k8s/clusters/prod/version" }).on("error", () => {});
      await once(stream, "response");
      stream.close(code);
    }
    await eventually(() => expect(open.size).toBe(0));
  } finally {
    session.destroy();
  }
});

test("over HTTP/2, a review that does not come is given up with the whole answer", async () => {
  const session = connectHttp2(`https://localhost:${server.port}`, { ca: tls.ca });
  try {
    const path = `/clusters/prod/${key}/mutate`;
    const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/json" });
    stream.write("{");
    let text = "";
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    const [[headers]] = await Promise.all([once(stream, "response"), once(stream, "end")]);
    expect(headers[":status"]).toBe(408);
    expect(JSON.parse(text)).toMatchObject({ message: "the body did not arrive within 0.2 seconds" });
    await eventually(() => expect(stream.closed).toBe(true));
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
  } finally {
    session.destroy();
  }
});
