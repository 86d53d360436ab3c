import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pages = globSync(["*.md", ".github/**/*.md", "{docs,events,functions,infra,lib,test}/**/*.md"], {
  cwd: root,
  exclude: (path) => path.includes("node_modules"),
}).sort();

/** Without the code, in which brackets and hashes mean something else. */
const proseOf = (text: string): string => text.replace(/^( *)```[\s\S]*?^\1```$/gm, "").replace(/`[^`\n]*`/g, "``");

/** What a heading's link is called on GitHub: no punctuation, hyphens for spaces, and a number for one that is there already. */
const anchorsOf = (text: string): ReadonlySet<string> => {
  const anchors = new Set<string>();
  for (const [, title = ""] of text.replace(/^( *)```[\s\S]*?^\1```$/gm, "").matchAll(/^#+ +(.+)$/gm)) {
    const slug = title
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
      .replaceAll(" ", "-");
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
};

/** Where the links and pictures of a page lead to. */
const targetsOf = (text: string): readonly string[] => {
  const prose = proseOf(text);
  const links = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g), ...prose.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)];
  const pictures = prose.matchAll(/<(?:img|source|a)\b[^>]*?\b(?:src|srcset|href)="([^"\s]+)/g);
  return [...links, ...pictures].map(([, target = ""]) => target).filter((target) => !/^[a-z]+:/i.test(target));
};

const problemsOf = (page: string, text: string): readonly string[] =>
  targetsOf(text).flatMap((target) => {
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? resolve(root, page) : resolve(root, dirname(page), decodeURIComponent(path));
    if (relative(root, file).startsWith("..")) return [`${target} leads out of the repository`];
    if (!existsSync(file)) return [`${target} is not there`];
    if (anchor === undefined || !file.endsWith(".md")) return [];
    const there = path === "" ? text : readFileSync(file, "utf8");
    return anchorsOf(there).has(anchor) ? [] : [`${target} has no such heading`];
  });

test.each(pages)("every link of %s leads somewhere", (page) => {
  expect(problemsOf(page, readFileSync(resolve(root, page), "utf8"))).toEqual([]);
});

test("docs/README.md lists every page", () => {
  const listed = targetsOf(readFileSync(resolve(root, "docs/README.md"), "utf8"));
  const written = globSync("docs/*.md", { cwd: root }).map((file) => file.slice("docs/".length));
  expect(written.filter((file) => file !== "README.md" && !listed.includes(file))).toEqual([]);
});

test("docs/decisions/README.md lists every decision, under its title", () => {
  const index = readFileSync(resolve(root, "docs/decisions/README.md"), "utf8");
  const files = globSync("docs/decisions/0*.md", { cwd: root }).sort();
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) {
    const [, title] = /^# (.+)$/m.exec(readFileSync(resolve(root, file), "utf8")) ?? [];
    expect(index).toContain(`[${title}](${file.slice("docs/decisions/".length)})`);
  }
});

describe("this test", () => {
  test.each([
    ["a file that is not there", "[a](nothing.md)"],
    ["a heading that is not there", "# One\n[a](#two)"],
    ["a heading of another page that is not there", "[a](README.md#no-such-heading)"],
    ["a picture that is not there", '<img src="docs/nothing.svg">'],
    ["a dark picture that is not there", '<source media="(x)" srcset="docs/nothing.svg">'],
    ["a reference that is not there", "[a]: nothing.md"],
    ["a file beside the repository", "[a](../../other.md)"],
  ])("finds %s", (_, text) => {
    expect(problemsOf("README.md", text)).toHaveLength(1);
  });

  test.each([
    ["a link in code", "`[a](nothing.md)`"],
    ["a link in a block of code", "```\n[a](nothing.md)\n```"],
    ["another site", "[a](https://example.com/x#y)"],
    ["a folder", "[a](docs)"],
    [
      "a heading with code and punctuation",
      "## What `npm run prove` compares: all\n[a](#what-npm-run-prove-compares-all)",
    ],
    ["the second heading of a name", "# A\n# A\n[a](#a-1)"],
  ])("passes %s", (_, text) => {
    expect(problemsOf("README.md", text)).toEqual([]);
  });
});
