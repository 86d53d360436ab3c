import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const example = readFileSync(new URL("example.mjs", import.meta.url), "utf8");

const folder = mkdtempSync(join(tmpdir(), "package-"));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (file: string, args: readonly string[], cwd: string) => promisify(execFile)(file, [...args], { cwd });
const tsc = join(root, "node_modules/typescript/bin/tsc");

/** npm with an empty cache and no registry: what it cannot find here it cannot have. */
const npm = (args: readonly string[], cwd: string) =>
  run("npm", [...args, "--offline", "--cache", join(folder, "cache"), "--registry", "https://registry.invalid"], cwd);

/** Packs a package as npm would publish it, and gives the tarball's name. */
const pack = async (directory: string, ...more: readonly string[]): Promise<string> => {
  const { stdout } = await npm(["pack", "--json", "--pack-destination", folder, ...more], directory);
  // The lines before it are what the package's own scripts print.
  const packed = JSON.parse(stdout.slice(stdout.search(/^[[{]/m)));
  return (Array.isArray(packed) ? packed[0] : Object.values(packed)[0]).filename;
};

/** An empty project that depends on nothing but the package. valibot, its only dependency, is packed too. */
const project = async (name: string, tarballs: readonly [string, string]): Promise<string> => {
  const directory = join(folder, name);
  mkdirSync(directory);
  const [own, valibot] = tarballs.map((tarball) => `file:../${tarball}`);
  const dependencies = { "impersonation-admission": own, valibot };
  writeFileSync(join(directory, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }));
  await npm(["install", "--no-audit", "--no-fund"], directory);
  return directory;
};

let javascript: string;
let typescript: string;
let installed: string;
let files: readonly string[];

beforeAll(async () => {
  const tarballs = [await pack(root), await pack(join(root, "node_modules/valibot"), "--ignore-scripts")] as const;
  [javascript, typescript] = await Promise.all([project("javascript", tarballs), project("typescript", tarballs)]);
  installed = join(javascript, "node_modules/impersonation-admission");
  files = readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
}, 60_000);

describe("the package", () => {
  test("holds the compiled library, what npm needs and what people read, and nothing else", () => {
    const others = files.filter((file) => !/^build\/.*\.(js|d\.ts)$/.test(file)).sort();
    expect(others).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
  });

  test("holds a declaration beside every module, and no module beside no source", () => {
    const modules = files.filter((file) => file.endsWith(".js")).map((file) => file.replace(/\.js$/, ""));
    const sources = readdirSync(join(root, "lib"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => `build/${file.replace(/\.ts$/, "")}`);
    expect(modules.sort()).toEqual(sources.sort());
    expect(
      files
        .filter((file) => file.endsWith(".d.ts"))
        .map((file) => file.replace(/\.d\.ts$/, ""))
        .sort(),
    ).toEqual(modules);
  });

  test("imports only files that it holds, by the extension that they have, and valibot", () => {
    const held = new Set(files);
    for (const file of files.filter((name) => /\.(js|d\.ts)$/.test(name))) {
      const text = readFileSync(join(installed, file), "utf8");
      for (const [, specifier = ""] of text.matchAll(/(?:from|import\()\s*"([^"]+)"/g)) {
        if (specifier === "valibot") continue;
        expect(specifier).toMatch(/^\.\.?\/.*\.js$/);
        expect(held).toContain(posix.join(posix.dirname(file), specifier));
      }
    }
  });

  test("says nothing of the machine that it was built on", () => {
    for (const file of files) expect(readFileSync(join(installed, file), "utf8")).not.toContain(root);
  });
});

describe("an empty project that installs it", () => {
  test("in JavaScript, runs the README's example", async () => {
    writeFileSync(join(javascript, "example.mjs"), example);
    const { stdout, stderr } = await run(process.execPath, ["example.mjs"], javascript);
    expect(stderr).toBe("");
    expect(stdout).toContain(
      "[ 'impersonate users/carol' ]\n" +
        'spec.clusterAuth.impersonateUser: "carol" replaced by "alice", who may not impersonate it\n' +
        "{\n  uid: '7f1b6bd4',\n  allowed: true,\n  patch: '",
    );
  });

  test("in JavaScript, finds three ways in and no other", async () => {
    const names = async (specifier: string) => {
      const program = `console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(specifier)}))))`;
      return JSON.parse((await run(process.execPath, ["--input-type=module", "-e", program], javascript)).stdout);
    };
    expect(await names("impersonation-admission")).toEqual(
      expect.arrayContaining(["readPolicy", "readReview", "judge", "formatQuestion", "conclude", "writeReview"]),
    );
    expect(await names("impersonation-admission/rbac")).toEqual(expect.arrayContaining(["authorize", "readWorld"]));
    expect(await names("impersonation-admission/manifests")).toEqual(
      expect.arrayContaining(["webhookConfigurations", "askerRoles", "userImpersonatorRoles"]),
    );
    await expect(names("impersonation-admission/build/index.js")).rejects.toThrow("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });

  test("in strict TypeScript, type-checks the same example, with no types of a platform but what the example uses", async () => {
    const compilerOptions = {
      target: "es2024",
      lib: ["es2024"],
      types: [],
      module: "nodenext",
      moduleResolution: "nodenext",
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      verbatimModuleSyntax: true,
      noEmit: true,
    };
    const write = (name: string, text: string) => writeFileSync(join(typescript, name), text);
    write("tsconfig.json", JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    write(
      "platform.d.ts",
      `declare const console: { log(value: unknown): void };
declare const Buffer: { from(text: string): { toString(encoding: "base64"): string } };`,
    );
    write("example.ts", example);
    write(
      "types.ts",
      `import type { Answer, Endpoint, Outcome, Policy, Question, UserInfo } from "impersonation-admission";
import { type Client, type WebhookConfiguration, webhookConfigurations } from "impersonation-admission/manifests";
import { RbacError, type World, authorize } from "impersonation-admission/rbac";

export const ask = (world: World, questions: readonly Question[]): readonly Answer[] =>
  questions.map((question) => authorize(world, question));
export const register = (policy: Policy, client: Client): readonly WebhookConfiguration[] =>
  webhookConfigurations({ policy, client });
export const describe = ({ decision, reason }: Outcome, endpoint: Endpoint, { username }: UserInfo): string =>
  [decision, reason, endpoint, username].join();
export const isOurs = (error: unknown): error is RbacError => error instanceof RbacError;
// @ts-expect-error a decision is one of a closed list
export const wrong = (outcome: Outcome): boolean => outcome.decision === "allowed";
`,
    );
    const { stdout } = await run(process.execPath, [tsc, "-p", "."], typescript).catch((error) => error);
    expect(stdout).toBe("");
  });
});

test("the README shows the example that is tested here, word for word", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const blocks = [...readme.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
  const first = example.slice(0, example.indexOf("\n"));
  expect(blocks.find((block) => block.startsWith(`${first}\n`))).toBe(example);
});
