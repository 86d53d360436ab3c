import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installInto, packAll, runFile } from "../support/packed.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const example = readFileSync(new URL("example.mjs", import.meta.url), "utf8");

const folder = mkdtempSync(join(tmpdir(), "package-"));
afterAll(() => rmSync(folder, { recursive: true }));

const tsc = join(root, "node_modules/typescript/bin/tsc");

let javascript: string;
let typescript: string;
let installed: string;
let files: readonly string[];

beforeAll(async () => {
  const tarballs = await packAll(folder);
  [javascript, typescript] = await Promise.all([
    installInto(join(folder, "javascript"), tarballs),
    installInto(join(folder, "typescript"), tarballs),
  ]);
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
    const { stdout, stderr } = await runFile(process.execPath, ["example.mjs"], javascript);
    expect(stderr).toBe("");
    expect(stdout).toContain(
      "[ 'impersonate users/carol' ]\n" +
        'spec.clusterAuth.impersonateUser: "carol" replaced by "alice", who may not impersonate it\n' +
        "{\n  uid: '7f1b6bd4',\n  allowed: true,\n  patch: '",
    );
  });

  test("in JavaScript, finds four entry points and no other", async () => {
    const names = async (specifier: string) => {
      const program = `console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(specifier)}))))`;
      return JSON.parse((await runFile(process.execPath, ["--input-type=module", "-e", program], javascript)).stdout);
    };
    expect(await names("impersonation-admission")).toEqual(
      expect.arrayContaining(["readPolicy", "readReview", "judge", "formatQuestion", "conclude", "writeReview"]),
    );
    expect(await names("impersonation-admission/rbac")).toEqual(expect.arrayContaining(["authorize", "readWorld"]));
    expect(await names("impersonation-admission/manifests")).toEqual(
      expect.arrayContaining(["webhookConfigurations", "askerRoles", "userImpersonatorRoles"]),
    );
    expect(await names("impersonation-admission/presets")).toEqual(["presets"]);
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
import { presets } from "impersonation-admission/presets";
import { RbacError, type World, authorize } from "impersonation-admission/rbac";

export const ask = (world: World, questions: readonly Question[]): readonly Answer[] =>
  questions.map((question) => authorize(world, question));
export const register = (policy: Policy, client: Client): readonly WebhookConfiguration[] =>
  webhookConfigurations({ policy, client });
export const describe = ({ decision, reason }: Outcome, endpoint: Endpoint, { username }: UserInfo): string =>
  [decision, reason, endpoint, username].join();
export const controllerOf = (username: string): string => presets.razee(username).emptyStandsFor;
export const isOurs = (error: unknown): error is RbacError => error instanceof RbacError;
// @ts-expect-error a decision is one of a closed list
export const wrong = (outcome: Outcome): boolean => outcome.decision === "allowed";
`,
    );
    const { stdout } = await runFile(process.execPath, [tsc, "-p", "."], typescript).catch((error) => error);
    expect(stdout).toBe("");
  });
});

test("the README shows the example that is tested here, word for word", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const blocks = [...readme.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
  const first = example.slice(0, example.indexOf("\n"));
  expect(blocks.find((block) => block.startsWith(`${first}\n`))).toBe(example);
});
