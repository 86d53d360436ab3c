import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { reasons } from "../../lib/decision/verdict.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, "utf8");
const rule = read("docs/rule.md");
const points = [...rule.matchAll(/^## (.+)$/gm)].map(([, name]) => name);
/** What stands in front of a colon in a list, as the reason codes do. */
const codes = [...rule.matchAll(/^- ((?:`[a-z-]+`(?:, )?)+):/gm)].flatMap(([, list = ""]) =>
  [...list.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code),
);
const sources = globSync(["lib/**/*.ts", "functions/**/*.ts", "infra/**/*.ts", "test/**/*.ts"], {
  cwd: root,
  exclude: (path) => path.includes("node_modules"),
});
const citations = sources.flatMap((file) =>
  [...read(file).matchAll(/\brule `([^`$]+)`/gi)].map(([, point]) => ({ file, point })),
);

test("docs/rule.md names each reason code once, and no other", () => {
  expect([...codes].sort()).toEqual([...reasons].sort());
});

test("every citation of the rule is of a point that is there", () => {
  expect(citations.length).toBeGreaterThan(5);
  expect(citations.filter(({ point = "" }) => !points.includes(point))).toEqual([]);
});

test("no comment cites the rule by a number", () => {
  expect(sources.filter((file) => /\bpoints? \d/i.test(read(file)))).toEqual([]);
});

test("every link of the page leads to a point", () => {
  const links = [...rule.matchAll(/\]\(#([a-z]+)\)/g)].map(([, name]) => name);
  expect(links.filter((name) => !points.includes(name))).toEqual([]);
});
