import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installInto, packAll } from "../support/packed.ts";
import { answerOf, reviewText } from "../unit/lib/decision/given.ts";
import { expected, outcomeOf, rows, type Told } from "../unit/lib/decision/rule-table.ts";
import { findChromium, openPage } from "./browser.ts";
import { importMapOf } from "./import-map.ts";

/** What the page sends, once. */
interface Report {
  readonly error?: string;
  readonly printed: readonly unknown[];
  readonly results: readonly Told[];
  /** The installed files that it fetched, and what it asked for in vain. */
  readonly fetched: readonly string[];
  readonly missing: readonly string[];
}

const program = findChromium() ?? "chromium";
const patience = 300_000;

const folder = mkdtempSync(join(tmpdir(), "package-browser-"));
afterAll(() => rmSync(folder, { recursive: true }));

const here = (file: string): string => readFileSync(new URL(file, import.meta.url), "utf8");
const types: Readonly<Record<string, string>> = { ".js": "text/javascript", ".mjs": "text/javascript" };

const rowsJson = JSON.stringify(
  rows.map((row) => ({
    policy: { name: "rows", targets: [{ preset: "razee" }], ...row.policy },
    review: reviewText(row),
    endpoint: row.endpoint ?? "mutate",
    answers: Object.fromEntries(Object.entries(row.asked ?? {}).map(([asked, said]) => [asked, answerOf(said)])),
  })),
);

/** Reports also an import that cannot be resolved. */
const main = `
const post = (report) => fetch("/report", { method: "POST", body: JSON.stringify(report) });
import("/page.js").then(({ report }) => post(report), (error) => post({ error: String(error?.stack ?? error) }));`;

/** Serves the page and the installed packages as they lie on the disk, and returns what the page reports. */
const reportFrom = async (installed: string): Promise<Report> => {
  const map = JSON.stringify(importMapOf(installed, ["impersonation-admission", "valibot"]));
  const pages: Readonly<Record<string, readonly [string, string]>> = {
    "/": ["text/html", `<script type="importmap">${map}</script><script type="module">${main}</script>`],
    "/page.js": ["text/javascript", here("page.js")],
    "/example.mjs": ["text/javascript", here("../integration/example.mjs")],
    "/rows.json": ["application/json", rowsJson],
  };
  const fetched: string[] = [];
  const missing: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<Report>();
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    try {
      if (request.method === "POST") {
        resolve({ ...JSON.parse(await text(request)), fetched, missing });
        response.writeHead(204).end();
      } else if (pages[pathname]) {
        const [type, body] = pages[pathname];
        response.writeHead(200, { "content-type": type }).end(body);
      } else {
        const file = await readFile(join(installed, pathname));
        fetched.push(pathname);
        response.writeHead(200, { "content-type": types[extname(pathname)] ?? "application/octet-stream" }).end(file);
      }
    } catch {
      missing.push(pathname);
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  try {
    const { port } = server.address() as AddressInfo;
    await using browser = openPage(program, `http://127.0.0.1:${port}/`);
    const silent = () => reject(new Error(`${program} reported nothing in ${patience / 1000} s:\n${browser.log()}`));
    const timer = setTimeout(silent, patience);
    return await promise.finally(() => clearTimeout(timer));
  } finally {
    server.closeAllConnections();
    server.close();
  }
};

let report: Report;
beforeAll(async () => {
  report = await reportFrom(await installInto(join(folder, "project"), await packAll(folder)));
  if (report.error !== undefined) throw new Error(`in the page: ${report.error}`);
});

describe(`the packed library in ${program}, by an import map and unbundled`, () => {
  test("runs the example of its page", () => {
    const [questions, message, response] = report.printed;
    expect(questions).toEqual(["impersonate users/carol"]);
    expect(message).toBe('spec.clusterAuth.impersonateUser: "carol" replaced by "alice", who may not impersonate it');
    expect(response).toMatchObject({ uid: "7f1b6bd4", allowed: true, patchType: "JSONPatch" });
  });

  test("decides every row of the rule's table as the table says", () => {
    expect(report.results.length).toBe(rows.length);
    rows.forEach((row, index) => {
      expect(outcomeOf(report.results[index] as Told, row), row.when).toEqual(expected(row));
    });
  });

  test("fetches the installed modules, and misses none", () => {
    expect(report.fetched).toContain("/node_modules/impersonation-admission/build/index.js");
    expect(report.fetched.filter((file) => file.startsWith("/node_modules/valibot/"))).not.toEqual([]);
    expect(report.missing.filter((file) => file !== "/favicon.ico")).toEqual([]);
  });
});
