import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { chartOf } from "../bench/chart.ts";
import type { Figures } from "../bench/figures.ts";

const read = (file: string): string => readFileSync(new URL(`../../docs/${file}`, import.meta.url), "utf8");
const readme = read("../README.md");
const page = read("performance.md");
const { benchmarks }: { readonly benchmarks: readonly Figures[] } = JSON.parse(read("performance.json"));

test.each(benchmarks)(
  "docs/performance.md has the table of $name as docs/performance.json has it",
  ({ name, how, rows }) => {
    const columns = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
    const lines = rows.map(({ variant, values, ratio, of }) => {
      const cells = columns.map((column) => String(values[column] ?? ""));
      return `| ${[variant, ...cells, ratio === undefined ? "" : `${ratio} x`, of ?? ""].join(" | ")} |`;
    });
    const [, section = ""] = page.split(`\`npm run bench -- --only ${name} --rounds 24\`)\n\n`);
    expect(section.split("\n\n").slice(0, 2)).toEqual([
      [
        `| | ${columns.join(" | ")} | ratio | to |`,
        `|---|${columns.map(() => "---:|").join("")}---:|---|`,
        ...lines,
      ].join("\n"),
      how,
    ]);
  },
);

test.each([
  ["performance.svg", "light"],
  ["performance-dark.svg", "dark"],
] as const)("docs/%s is drawn from docs/performance.json", async (file, theme) => {
  expect(await chartOf(benchmarks, theme)).toBe(read(file));
});

test.each([
  ["warm", "ours, one SAR", "p50 ms"],
  ["sizes", "ours: CREATE, 2.8 MB", "p50 ms"],
  ["cold", "ours, one cluster, not warmed", "init ms"],
  ["create", "mutate + validate", "p50 ms"],
])("README.md quotes %s: %s as docs/performance.json has it", (name, variant, column) => {
  const rows = benchmarks.find((each) => each.name === name)?.rows ?? [];
  const ours = rows.find((row) => row.variant === variant);
  const base = rows.find((row) => row.variant === ours?.of);
  const [, row = ""] = new RegExp(`^\\| .* \\| (${ours?.values[column]} ms \\| .* \\|)$`, "m").exec(readme) ?? [];
  expect(row).toContain(`: ${base?.values[column]} ms | ${ours?.ratio} x |`);
});
