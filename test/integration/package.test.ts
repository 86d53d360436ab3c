import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ran, runCommand } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { installInto, packAll, runFile } from "../support/packed.ts";
import { type PackedProgram, packedProgram } from "../support/packed-program.ts";
import { reviewText, template } from "../support/reviews.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const example = readFileSync(new URL("example.mjs", import.meta.url), "utf8");

const folder = mkdtempSync(join(tmpdir(), "package-"));
afterAll(() => rmSync(folder, { recursive: true }));

const tsc = join(root, "node_modules/typescript/bin/tsc");

let javascript: string;
let typescript: string;
let installed: string;
let packed: PackedProgram;
let files: readonly string[];
/** Those of the library. */
let library: readonly string[];

beforeAll(async () => {
  const tarballs = await packAll(folder);
  packed = await packedProgram(folder, tarballs);
  [javascript, typescript] = await Promise.all([
    installInto(join(folder, "javascript"), tarballs),
    installInto(join(folder, "typescript"), tarballs),
  ]);
  installed = join(javascript, "node_modules/impersonation-admission");
  files = readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
  library = files.filter((file) => file.startsWith("build/") && !file.startsWith("build/program/"));
}, 300_000);
afterAll(() => packed.close());

describe("the package", () => {
  test("holds the compiled library, the program, sample events, what npm needs and what people read, and nothing else", () => {
    const others = files.filter((file) => !library.includes(file) && !/^(events|build\/program)\//.test(file)).sort();
    expect(others).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
    expect(library.filter((file) => !/\.(js|d\.ts)$/.test(file))).toEqual([]);
  });

  test("holds the program, the function that it runs, and the licence of each package that is bundled", () => {
    const program = files.filter((file) => file.startsWith("build/program/")).map((file) => file.slice(14));
    const parts = program.filter((file) => /^[\w-]+-[0-9A-Z]{8}\.js$/.test(file));
    expect(program.filter((file) => !parts.includes(file)).sort()).toEqual([
      "THIRD-PARTY-NOTICES.txt",
      "bin.js",
      "function/admission.js",
      "function/package.json",
      "function/yaml.js",
    ]);
    const notices = readFileSync(join(installed, "build/program/THIRD-PARTY-NOTICES.txt"), "utf8");
    const named = [...notices.matchAll(/^-{80}\n\n(\S+) \S+, \S+\n\n/gm)].map(([, name]) => name);
    expect(named).toEqual(
      expect.arrayContaining(["@kubernetes/client-node", "@middy/core", "js-yaml", "valibot", "yaml"]),
    );
    for (const notice of notices.split(`${"-".repeat(80)}\n`).slice(1))
      expect(notice).toMatch(
        /Permission is hereby granted|Permission to use, copy|Apache License|Redistribution and use/,
      );
  });

  test("the program imports only its own parts and what Node has", () => {
    let found = 0;
    for (const file of files.filter((name) => /^build\/program\/[^/]+\.js$/.test(name))) {
      const text = readFileSync(join(installed, file), "utf8");
      for (const [, specifier = ""] of text.matchAll(/(?:[\s}*\w]\bfrom|\bimport\(|[};]import)"([^"]+)"/g)) {
        found += 1;
        if (specifier.startsWith("./")) expect(files).toContain(`build/program/${specifier.slice(2)}`);
        else expect([specifier, isBuiltin(specifier)]).toEqual([specifier, true]);
      }
    }
    expect(found).toBeGreaterThan(100);
  });

  test("holds a declaration beside every module, and no module beside no source", () => {
    const modules = library.filter((file) => file.endsWith(".js")).map((file) => file.replace(/\.js$/, ""));
    const sources = readdirSync(join(root, "lib"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => `build/${file.replace(/\.ts$/, "")}`);
    expect(modules.sort()).toEqual(sources.sort());
    expect(
      library
        .filter((file) => file.endsWith(".d.ts"))
        .map((file) => file.replace(/\.d\.ts$/, ""))
        .sort(),
    ).toEqual(modules);
  });

  test("imports only files that it holds, by the extension that they have, and valibot", () => {
    const held = new Set(files);
    let found = 0;
    for (const file of library) {
      const text = readFileSync(join(installed, file), "utf8");
      for (const [, specifier = ""] of text.matchAll(/(?:^(?:import|export)\b[^;"]*?\bfrom|import\()\s*"([^"]+)"/gm)) {
        found += 1;
        if (specifier === "valibot") continue;
        expect(specifier).toMatch(/^\.\.?\/.*\.js$/);
        expect(held).toContain(posix.join(posix.dirname(file), specifier));
      }
    }
    expect(found).toBeGreaterThan(100);
  });

  test("says nothing of the machine that it was built on", () => {
    for (const file of files) expect(readFileSync(join(installed, file), "utf8")).not.toContain(root);
  });
});

describe("an empty project that installs it", () => {
  test("in JavaScript, runs the example of its page", async () => {
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
    expect(await names("impersonation-admission/presets")).toEqual(["definePreset", "presets", "targetsOf"]);
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
import { presets, targetsOf } from "impersonation-admission/presets";
import { RbacError, type World, authorize } from "impersonation-admission/rbac";

export const ask = (world: World, questions: readonly Question[]): readonly Answer[] =>
  questions.map((question) => authorize(world, question));
export const register = (policy: Policy, client: Client): readonly WebhookConfiguration[] =>
  webhookConfigurations({ policy, client });
export const describe = ({ decision, reason }: Outcome, endpoint: Endpoint, { username }: UserInfo): string =>
  [decision, reason, endpoint, username].join();
export const targetsFor = (controller: string): number => targetsOf(presets.razee, { controller }).length;
export const isOurs = (error: unknown): error is RbacError => error instanceof RbacError;
// @ts-expect-error a decision is one of a closed list
export const wrong = (outcome: Outcome): boolean => outcome.decision === "allowed";
`,
    );
    const { stdout } = await runFile(process.execPath, [tsc, "-p", "."], typescript).catch((error) => error);
    expect(stdout).toBe("");
  });
});

describe("the program of a project that installs it", () => {
  const commands = readdirSync(join(root, "infra/commands")).map((file) => file.replace(/\.ts$/, ""));

  const called = (...args: readonly string[]): Promise<Ran> =>
    runFile(process.execPath, ["node_modules/.bin/impersonation-admission", ...args], javascript).then(
      ({ stdout, stderr }) => ({ status: 0, stdout, stderr }),
      ({ code, stdout, stderr }) => ({ status: code, stdout, stderr }),
    );

  test.each(commands)("%s --help is that of the clone, but for how it is called", async (command) => {
    const here = await runCommand(command, ["--help"]);
    const stdout = here.stdout.replace(`npm run -s ${command} --`, `impersonation-admission ${command}`);
    expect(await called(command, "--help")).toEqual({ ...here, stdout });
  });

  test.each([
    [["--url", "https://guard.example.com/clusters/prod/KEY"]],
    [["--admission-policies"]],
    [["--examples", "-o", "json"]],
  ])("manifests %j prints what the clone prints", async (args) => {
    const here = await runCommand("manifests", args);
    const stderr = here.stderr.replaceAll(/npm run -s (\w+) --/g, "impersonation-admission $1");
    expect(await called("manifests", ...args)).toEqual({ ...here, stderr });
  });

  test.each([
    ["report", "--kubeconfig", "none"],
    ["doctor", "--kubeconfig", "none"],
    ["invoke", "--policy", "none"],
    ["reprot"],
  ])("%s %s %s is the sentence of the clone", async (command, ...args) => {
    expect(await called(command, ...args)).toEqual(await runCommand(command, args));
  });
});

describe("npx with the tarball, in an empty folder", () => {
  test("fetches valibot and nothing else", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(await packed.run(["--version"])).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
    expect(packed.asked.filter((path) => path.endsWith(".tgz"))).toEqual([
      expect.stringMatching(/^\/valibot-[\d.]+\.tgz$/),
    ]);
  });

  test("makes a key, and names the next command in the form in which this one was called", async () => {
    const { status, stdout, stderr } = await packed.run(["key", "prod"]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`for the cluster: npx ./${packed.tarball} manifests --url URL\n`);
  });

  test("runs all sample events through the function that was packed", async () => {
    const { status, stdout, stderr } = await packed.run(["invoke", "-o", "json"]);
    expect([status, stderr]).toEqual([0, ""]);
    const events = ["webhook", "proxy"].flatMap((door) => readdirSync(join(root, "events", door)).sort());
    expect(JSON.parse(stdout).map(({ event }: { event: string }) => `${event}.json`)).toEqual(events);
  });

  test("serves the function, with its CA in .local of the folder", async () => {
    const { said, stop } = packed.start(["start", "--port", "0"]);
    try {
      await eventually(() => expect(said.stdout).toMatch(/^kind: Validating[\s\S]*\[v1\]\n$/m));
      const [, url = ""] = /^# listening on (https:\/\/\S+), /.exec(said.stdout) ?? [];
      expect(said.stdout).toContain("# its CA is in .local/ca.pem\n");
      const ca = readFileSync(join(packed.folder, ".local/ca.pem"), "utf8");
      const headers = { "content-type": "application/json" };
      const call = request(`${url}/mutate?timeout=5s`, { method: "POST", headers, ca, agent: false });
      call.end(reviewText({ object: template("carol") }));
      const [response] = await once(call, "response");
      expect(JSON.parse(await text(response)).response).toMatchObject({
        allowed: true,
        auditAnnotations: { decision: "replaced" },
      });
    } finally {
      await stop();
    }
    expect(readdirSync(packed.folder).sort()).toEqual([".local", packed.tarball]);
  });
});

test("docs/library.md shows the example that is tested here, word for word", () => {
  const page = readFileSync(join(root, "docs/library.md"), "utf8");
  const blocks = [...page.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
  const first = example.slice(0, example.indexOf("\n"));
  expect(blocks.find((block) => block.startsWith(`${first}\n`))).toBe(example);
});
