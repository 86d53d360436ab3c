import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { throwAwayCertificates } from "../../infra/local/certificates.ts";
import { type ServedProcess, serveProgram } from "../soak/served.ts";
import { type Front, send, sendBytes } from "./world/clients.ts";
import { type StandIn, startStandIn } from "./world/stand-in.ts";

const folder = mkdtempSync(join(tmpdir(), "proxy-slow-"));
const alice = ["authorization", "Bearer alice"];
let standIn: StandIn;
let server: ServedProcess;
let front: Front;

/** Runs a program that may open as many files as the system allows. */
const withManyFiles = ["/bin/sh", "-c", 'ulimit -n "$(ulimit -Hn)"; exec "$0" "$@"', process.execPath] as const;

beforeAll(async () => {
  const tls = await throwAwayCertificates({ hosts: ["localhost", "127.0.0.1"] });
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const [certFile, keyFile, caFile] = [file("cert.pem", tls.cert), file("key.pem", tls.key), file("ca.pem", tls.ca)];
  standIn = await startStandIn(tls);
  const config = {
    clusters: [
      { name: "c", cluster: { server: `https://127.0.0.1:${standIn.port}`, "certificate-authority": caFile } },
    ],
    users: ["asker", "actor"].map((name) => ({ name, user: { token: name } })),
    contexts: [{ name: "prod", context: { cluster: "c", user: "asker" } }],
    "current-context": "prod",
  };
  const [shell, ...args] = withManyFiles;
  server = await serveProgram(shell, [
    ...args,
    fileURLToPath(new URL("../../infra/cli.ts", import.meta.url)),
    ...["proxy", "--port", "0", "--kubeconfig", file("kubeconfig", JSON.stringify(config)), "--actor", "actor"],
    ...["--tls-cert", certFile, "--tls-key", keyFile],
  ]);
  front = { url: server.url, ca: tls.ca };
});
afterAll(async () => {
  await server?.stop();
  await standIn?.close();
  rmSync(folder, { recursive: true });
});

test("beside 10,000 idle connections a new request is answered", async () => {
  const count = 10_000;
  const [shell, ...args] = withManyFiles;
  const script = fileURLToPath(new URL("world/idle-connections.ts", import.meta.url));
  const idle = spawn(shell, [...args, script, new URL(front.url).port, join(folder, "ca.pem"), String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = await Promise.race([
      once(createInterface(idle.stdout), "line"),
      once(idle, "exit").then(() => ["the connections could not be opened; is ulimit -Hn below 10,100?"]),
    ]);
    expect(line).toBe(`open ${count}`);
    expect(server.cost().sockets ?? count).toBeGreaterThanOrEqual(count);
    for (const http of [1, 2] as const) {
      const { status } = await send(front, { http, path: "/api/v1/fine", lines: alice });
      expect(status).toBe(200);
    }
  } finally {
    idle.kill("SIGKILL");
  }
}, 600_000);

test("headers that come too slowly end their connection, and hold up no other request", async () => {
  const { pathname } = new URL(front.url);
  const slow = Array.from({ length: 100 }, () =>
    sendBytes(front, `GET ${pathname}/api/v1/fine HTTP/1.1\r\nHost: a\r\nX-Slow: `),
  );
  const { text } = await send(front, { http: 1, path: "/api/v1/fine", lines: alice });
  expect(text).toBe("GET 0");
  const answers = await Promise.all(slow);
  for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 4\d\d |^$/);
  expect(standIn.seen.length).toBeLessThan(100);
});
