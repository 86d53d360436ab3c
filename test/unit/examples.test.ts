import { globSync, readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import * as library from "../../lib/index.ts";
import { readWorld } from "../../lib/rbac/index.ts";
import { examplesIn, runExample } from "../support/doc-examples.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, "utf8");
const load = (file: string): Promise<Record<string, unknown>> => import(pathToFileURL(`${root}${file}`).href);

/** All that the package exports, from its sources. */
const exported = await Promise.all(
  Object.values<string | { readonly default: string }>(JSON.parse(read("package.json")).exports).flatMap((entry) =>
    typeof entry === "string" ? [] : [load(entry.default.replace("./build/", "lib/").replace(/\.js$/, ".ts"))],
  ),
);

const readOrThrow = <T>(value: T | library.Problem): T => {
  if (library.isProblem(value)) throw new Error(value.problem);
  return value as T;
};

/** The names that every example may use: alice creates a Razee resource that names bob. */
const alice = readOrThrow(library.readUserInfo({ username: "alice" }));
const policy = library.readPolicy({ name: "razee", targets: [{ preset: "razee" }] });
const review = readOrThrow(
  library.readReview(
    JSON.stringify({
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      request: {
        uid: "7f1b6bd4",
        operation: "CREATE",
        resource: { group: "deploy.razee.io", version: "v1alpha2", resource: "mustachetemplates" },
        userInfo: { username: "alice" },
        object: { spec: { clusterAuth: { impersonateUser: "bob" } } },
      },
    }),
  ),
);
const { request } = review;
const judgement = library.judge(policy, request, "mutate");
const outcome = library.conclude(judgement, [{ allowed: false, reason: "" }]);
const cast = { alice, policy, review, request, judgement, outcome, world: readWorld([]) };

const examplesOf = (folder: string) =>
  globSync(`${folder}/**/*.ts`, { cwd: root })
    .sort()
    .flatMap((file) => examplesIn(read(file)).map((example) => ({ file, example })));

const inLibrary = examplesOf("lib");
/** Others need files, AWS or a cluster, and show nothing. */
const pureInFunctions = examplesOf("functions").filter(({ example }) =>
  example.statements.some(({ result }) => result),
);

test.each(
  [...inLibrary, ...pureInFunctions].map(({ file, example }) => [file, example.code.split("\n")[0], example] as const),
)("%s: %s", async (file, _, example) => {
  runExample(example, Object.assign({}, cast, ...exported, await load(file)));
});

test("every @example of the library is found", () => {
  const words = globSync("lib/**/*.ts", { cwd: root }).map((file) => read(file).split("@example").length - 1);
  expect(inLibrary.length).toBe(words.reduce((sum, each) => sum + each, 0));
  expect(inLibrary.length).toBeGreaterThan(20);
  expect(pureInFunctions.length).toBeGreaterThan(0);
});

describe("an example fails", () => {
  const outcomeOf = (code: string) => () => {
    const source = `/**\n * A function.\n *\n${code.replace(/^/gm, " * ")}\n * @throws never\n */`;
    const examples = examplesIn(source);
    expect(examples).toHaveLength(1);
    for (const example of examples) runExample(example, { double: (number: number) => 2 * number });
  };

  test.each([
    ["that shows another value", "@example double(2) // 5", "double(2) is 4"],
    ["that shows another value behind a declaration", "@example const two = double(1); // 3", "is 2"],
    ["that shows another value in its second line", "@example\ndouble(2); // 4\ndouble(3); // 7", "double(3) is 6"],
    ["that shows no value", "@example double(2)", "shows no result"],
    ["of which a line shows no value", "@example\ndouble(1);\ndouble(2); // 4", "double(1) shows no result"],
    ["that calls what is not there", "@example triple(2) // 6", "triple is not defined"],
    ["that shows prose", "@example double(2) // read from the file", "missing )"],
  ])("%s", (_, code, message) => {
    expect(outcomeOf(code)).toThrow(message);
  });

  test.each([
    ["on one line", "@example double(2) // 4"],
    ["over several lines", "@example\nconst four = [\n  double(2),\n];\nfour; // [4]"],
  ])("but not one that is right, %s", (_, code) => {
    expect(outcomeOf(code)).not.toThrow();
  });
});
