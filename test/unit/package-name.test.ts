import { globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

/*
 * The package is not published. A command with its bare name would run the code of anyone who registers that name, with the reader's
 * kubeconfig. So documents, help and messages name the file of a tarball.
 */

const root = fileURLToPath(new URL("../..", import.meta.url));
const own = "test/unit/package-name.test.ts";
const files = globSync(
  [
    ...["*.{md,json,yml,yaml}", ".github/**/*", ".ci/**/*", "{docs,events}/**/*.{md,yaml,yml,json}"],
    "{lib,functions,infra,test}/**/*.{ts,mts,mjs,js,json,md,sh,yaml,yml}",
  ],
  { cwd: root, withFileTypes: true, exclude: (entry) => ["node_modules", "package-lock.json"].includes(entry.name) },
)
  .filter((entry) => entry.isFile())
  .map((entry) => resolve(entry.parentPath, entry.name).slice(root.length))
  .filter((file) => file !== own);

const flags = String.raw`(?:-[^\s"'\`]*\s+)*`;
const packages = String.raw`(?:[\w@][^\s"'\`]*\s+)*`;
const name = String.raw`["']?(?:npm:)?impersonation-admission(?![\w.-]*\.tgz)(?![\w/-])`;
const run = String.raw`(?:npx|bunx|npm\s+(?:exec|x)|pnpm\s+(?:dlx|exec)|pnpx|yarn\s+dlx|bun\s+x|deno\s+run)\s+${flags}${name}`;
const install = String.raw`(?:npm|pnpm|yarn|bun|deno)\s+${flags}(?:i|in|ins|install|add|global\s+add|update|up)\s+${flags}${packages}${flags}${name}`;
const bareForm = new RegExp(`\\b(?:${run}|${install})`, "g");

const bareFormsIn = (text: string): readonly string[] => text.match(bareForm) ?? [];

test("no document, help or message says a command with the bare name of the package", () => {
  expect(files).toEqual(expect.arrayContaining(["README.md", "docs/README.md", "package.json"]));
  expect(files.length).toBeGreaterThan(300);
  const found = files.flatMap((file) =>
    bareFormsIn(readFileSync(resolve(root, file), "utf8")).map((form) => `${file}: ${form}`),
  );
  expect(found).toEqual([]);
});

describe("this test", () => {
  test.each([
    "npx impersonation-admission report",
    "npx --yes impersonation-admission@0.1.0 report",
    "npx -p impersonation-admission report",
    "npm exec -- impersonation-admission report",
    "npm x impersonation-admission",
    "npm install impersonation-admission",
    "npm i -D impersonation-admission",
    "npm --silent install --save-dev valibot impersonation-admission",
    "npm install -g impersonation-admission@latest",
    "yarn add impersonation-admission",
    "yarn dlx impersonation-admission",
    "yarn global add impersonation-admission",
    "pnpm add impersonation-admission",
    "pnpm dlx impersonation-admission",
    "bunx impersonation-admission",
    "bun add impersonation-admission",
    "deno add npm:impersonation-admission",
    "deno run npm:impersonation-admission",
    'npx "impersonation-admission" report',
  ])("finds %s", (text) => {
    expect(bareFormsIn(`Run \`${text}\`.`)).toHaveLength(1);
  });

  test.each([
    "npx ./impersonation-admission-0.1.0.tgz report",
    "npx --yes ./impersonation-admission-0.1.0.tgz report",
    "npm install ./impersonation-admission-0.1.0.tgz",
    'import { judge } from "impersonation-admission";',
    "npx osls deploy --param registry=ssm:/impersonation-admission/",
    "impersonation-admission report --kubeconfig FILE",
    "kubectl create namespace impersonation-admission",
  ])("passes %s", (text) => {
    expect(bareFormsIn(text)).toEqual([]);
  });
});
