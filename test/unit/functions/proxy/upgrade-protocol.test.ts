import { expect, test } from "vitest";
import { upgradeProtocolOf } from "../../../../functions/proxy/upgrade-protocol.ts";

test.each([
  [["websocket"], "websocket"],
  [["WebSocket"], "websocket"],
  [["spdy/3.1"], "SPDY/3.1"],
  [["h2c"], undefined],
  [["TLS/1.2"], undefined],
  [["websocket, h2c"], undefined],
  [["websocket", "websocket"], undefined],
  [[], undefined],
])("%j", (values, protocol) => {
  expect(upgradeProtocolOf(values.map((value) => ["Upgrade", value]))).toBe(protocol);
});
