import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, test } from "vitest";
import { webhookDoor } from "../../../../functions/server/webhook-door.ts";
import { hashOfKey } from "../../../../functions/webhook/caller-key.ts";
import { key, no, policyOf } from "../../../support/guarded.ts";
import { review } from "../../../support/reviews.ts";

const prod = { name: "prod", keys: [hashOfKey(key)], policy: policyOf(), ask: no };
const body = JSON.stringify(review());
const head = `POST /clusters/prod/${key}/mutate HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;

/** All that the server sends until it ends the connection, or until the whole answer is there. */
const answerTo = async (...parts: readonly string[]) => {
  const logged: unknown[] = [];
  const registry = { clusters: new Map([["prod", prod]]), problems: [] };
  const server = createServer(webhookDoor({ registry, log: (entry) => logged.push(entry) }, 200));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  let text = "";
  socket.setEncoding("utf8").on("data", (more) => {
    text += more;
    if (text.includes("\r\n\r\n") && text.endsWith("}") && text.startsWith("HTTP/1.1 200")) socket.end();
  });
  for (const part of parts) socket.write(part);
  await once(socket, "close");
  server.close();
  return { status: Number(text.slice(9, 12)), text, logged };
};

test("a body that is there is answered", async () => {
  const { status, text } = await answerTo(head, body.slice(0, 100), body.slice(100));
  expect(status).toBe(200);
  expect(text).toContain('"allowed":true');
});

test("a body that does not come is given up, with a sentence, and its connection ends", async () => {
  const { status, text, logged } = await answerTo(head, body.slice(0, 100));
  expect(status).toBe(408);
  expect(JSON.parse(text.split("\r\n\r\n")[1] ?? "")).toMatchObject({
    kind: "Status",
    message: "the body did not arrive within 0.2 seconds",
  });
  expect(logged).toEqual([{ event: "refused", status: 408 }]);
});
