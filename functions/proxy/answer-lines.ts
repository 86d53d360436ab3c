const ofTheConnection = new Set([
  ...["connection", "keep-alive", "proxy-connection", "proxy-authenticate"],
  ...["te", "trailer", "transfer-encoding", "upgrade"],
]);

/**
 * The headers of the API server's answer as they go to the client: without those of the connection, and with the proxy's part of the path
 * in front of a `Location` on the same host.
 *
 * @param headers names and values, in turn
 */
export function answerLines(headers: readonly string[], prefix: string): readonly string[] {
  const lines: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? "";
    const value = headers[at + 1] ?? "";
    const lower = name.toLowerCase();
    if (lower.startsWith(":") || ofTheConnection.has(lower)) continue;
    lines.push(name, lower === "location" && value.startsWith("/") ? prefix + value : value);
  }
  return lines;
}
