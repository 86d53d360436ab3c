import { expect, test } from "vitest";
import { upgradeProtocolOf } from "../../../../functions/proxy/upgrade-protocol.ts";

const notServed = { problem: "only Upgrade: websocket and Upgrade: SPDY/3.1 are served" };

test.each([
  [["websocket"], "websocket"],
  [["WebSocket"], "websocket"],
  [["spdy/3.1"], "SPDY/3.1"],
  [["h2c"], notServed],
  [["TLS/1.2"], notServed],
  [["websocket, h2c"], notServed],
  [["websocket", "websocket"], notServed],
  [[], notServed],
])("%j", (values, protocol) => {
  expect(upgradeProtocolOf(values.map((value) => ["Upgrade", value]))).toEqual(protocol);
});

test.each([
  ["Content-Length", "0", "websocket"],
  ["content-length", "1", { problem: "a request to upgrade must have no body" }],
  ["Transfer-Encoding", "chunked", { problem: "a request to upgrade must have no body" }],
])("with %s: %s", (name, value, protocol) => {
  expect(
    upgradeProtocolOf([
      ["Upgrade", "websocket"],
      [name, value],
    ]),
  ).toEqual(protocol);
});
