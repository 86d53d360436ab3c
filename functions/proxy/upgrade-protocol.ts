import type { HeaderLine } from "../../lib/proxy/index.ts";

export type UpgradeProtocol = "websocket" | "SPDY/3.1";

const protocols: readonly UpgradeProtocol[] = ["websocket", "SPDY/3.1"];

/** The protocol that an upgrade request asks for; undefined for a list, and for those that the API server does not speak, such as h2c. */
export function upgradeProtocolOf(lines: readonly HeaderLine[]): UpgradeProtocol | undefined {
  const asked = lines.filter(([name]) => name.toLowerCase() === "upgrade").map(([, value]) => value.toLowerCase());
  return asked.length === 1 ? protocols.find((protocol) => protocol.toLowerCase() === asked[0]) : undefined;
}
