import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { AccountsEntry, RequestEntry } from "../../../../functions/proxy/log-entries.ts";
import { refusals } from "../../../../functions/proxy/refusal-class.ts";
import type { ReloadEntry } from "../../../../functions/server/log-entries.ts";
import { type ServerMetric, serverMetrics } from "../../../../functions/server/server-metrics.ts";
import { alertRules } from "../../../../infra/prometheus/alert-rules.ts";

const text = readFileSync(new URL("../../../../docs/operations.md", import.meta.url), "utf8");

/** The cells of a section's table, without its head. */
const tableOf = (section: string): readonly (readonly string[])[] => {
  const [, body = ""] = text.split(`\n## ${section}\n`);
  const rows = (body.split("\n## ")[0] ?? "").split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(1).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
};
const codeIn = (cell = ""): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
const firstCells = (section: string): readonly string[] => tableOf(section).flatMap(([cell]) => codeIn(cell));

test("every member of the proxy's entries", () => {
  // Where an entry gets a new member, the compiler asks for it here.
  const request: Record<keyof Required<RequestEntry>, true> = {
    ...{ event: true, time: true, cluster: true, peer: true, caller: true, user: true, credential: true, verb: true },
    ...{ group: true, resource: true, subresource: true, namespace: true, name: true, path: true, protocol: true },
    ...{ load: true, tokenReviews: true, cachedTokenReviews: true, questions: true, cachedQuestions: true },
    ...{ decision: true, reason: true, refusal: true, brokenOffBy: true, status: true, bytes: true },
    milliseconds: true,
  };
  const accounts: Record<keyof Required<AccountsEntry>, true> = {
    ...{ event: true, cluster: true, asker: true, actor: true, warnings: true, problem: true },
  };
  const reload: Record<keyof Required<ReloadEntry>, true> = { event: true, what: true, problem: true };
  expect([...firstCells("The proxy's log")].sort()).toEqual(Object.keys({ ...request, ...accounts, ...reload }).sort());
});

test("every class of refusal", () => {
  expect([...firstCells("Refusals of the proxy")].sort()).toEqual([...refusals].sort());
});

test("every metric for Prometheus, with its type, its labels and what it says of itself", () => {
  const lowered = (help: string) => help.toLowerCase().replace(/\.$/, "");
  expect(
    tableOf("The server's metrics").map(([name, type, labels, help = ""]) => [
      codeIn(name)[0],
      type,
      codeIn(labels),
      help.toLowerCase(),
    ]),
  ).toEqual(
    Object.entries<ServerMetric>(serverMetrics).map(([name, { type, labels, help }]) => [
      name,
      type,
      labels,
      lowered(help),
    ]),
  );
});

test("every alert", () => {
  expect(firstCells("Alerts")).toEqual(alertRules.map(({ alert }) => alert));
});
