import type { Problem } from "../../lib/meta/json.ts";
import type { HeaderLine } from "../../lib/proxy/index.ts";

export type UpgradeProtocol = "websocket" | "SPDY/3.1";

const protocols: readonly UpgradeProtocol[] = ["websocket", "SPDY/3.1"];

/**
 * The protocol that an upgrade request asks for. A list, a protocol that the API server does not speak, such as h2c, and a request with a
 * body are problems.
 */
export function upgradeProtocolOf(lines: readonly HeaderLine[]): UpgradeProtocol | Problem {
  const valuesOf = (wanted: string) => lines.flatMap(([name, value]) => (name.toLowerCase() === wanted ? [value] : []));
  const [asked, ...more] = valuesOf("upgrade").map((value) => value.toLowerCase());
  const protocol = more.length === 0 ? protocols.find((each) => each.toLowerCase() === asked) : undefined;
  if (protocol === undefined) return { problem: "only Upgrade: websocket and Upgrade: SPDY/3.1 are served" };
  const hasBody = valuesOf("transfer-encoding").length > 0 || valuesOf("content-length").some((value) => value !== "0");
  return hasBody ? { problem: "a request to upgrade must have no body" } : protocol;
}
