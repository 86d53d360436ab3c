import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const trees = ["lib", "functions", "infra"] as const;
const files = trees.flatMap((tree) =>
  readdirSync(`${root}${tree}`, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `${tree}/${file}`)
    .sort(),
);
const textOf = (file: string): string => readFileSync(`${root}${file}`, "utf8");

/**
 * Who may import what. A row is a room: its purpose in one line, the rooms that it may import besides itself, and the packages. A name
 * without a slash is a whole tree; Node's own modules are for functions and infra.
 */
const rooms: Readonly<
  Record<string, readonly [purpose: string, rooms: readonly string[], packages?: readonly string[]]>
> = {
  "lib/meta": ["JSON objects, texts for messages, metav1.Status", []],
  "lib/identity": ["who a user is", ["lib/meta"]],
  "lib/question": ["one question to an authorizer, and its answer", ["lib/meta", "lib/identity"]],
  "lib/presets": ["one file per ecosystem: policy text with its source", []],
  "lib/policy": ["the text of a policy, and its checks", ["lib/meta", "lib/identity", "lib/presets"], ["valibot"]],
  "lib/decision": ["the rule of admission", ["lib/meta", "lib/identity", "lib/question", "lib/policy"]],
  "lib/review": ["AdmissionReview in and out", ["lib/meta", "lib/identity", "lib/decision"]],
  "lib/rbac": ["answers questions from RBAC manifests", ["lib/meta", "lib/identity", "lib/question"]],
  "lib/proxy": ["the decision of the impersonating proxy", ["lib/meta", "lib/identity", "lib/question"]],
  "lib/manifests": ["the objects that are applied to a cluster", ["lib/meta", "lib/identity", "lib/policy"]],
  lib: ["the entry point", ["lib/meta", "lib/identity", "lib/question", "lib/policy", "lib/decision", "lib/review"]],
  "functions/net": ["one HTTP exchange, a queue, look-ups: no cluster, no AWS", []],
  "functions/yaml": ["YAML and JSON as kubectl reads them", [], ["js-yaml"]],
  "functions/settings": ["the environment", []],
  "functions/telemetry": ["one JSON line that is a metric document", ["lib/meta"]],
  "functions/gateway": ["gateway events and results", ["lib/meta"], ["aws-lambda"]],
  "functions/policies": ["the policies of a deployment", ["lib/policy", "functions/yaml"]],
  "functions/aws": [
    "signed calls, secrets, parameters, EKS tokens",
    ["lib/meta", "functions/net", "functions/settings"],
  ],
  "functions/cluster": [
    "one API server: kubeconfig context, credentials, connection, questions",
    ["lib", "functions/aws", "functions/net", "functions/yaml"],
    ["@kubernetes/client-node"],
  ],
  "functions/registry": [
    "which clusters there are: source, merge, keep fresh",
    [
      "lib/meta",
      "functions/cluster",
      "functions/aws",
      "functions/net",
      "functions/telemetry",
      "functions/settings",
      "functions/yaml",
    ],
  ],
  "functions/webhook": [
    "the admission door",
    [
      "lib",
      "functions/registry",
      "functions/cluster",
      "functions/net",
      "functions/gateway",
      "functions/telemetry",
      "functions/settings",
      "functions/policies",
    ],
    ["@middy/core", "aws-lambda"],
  ],
  "functions/certificates": [
    "client certificates: which CAs count where, and who a certificate stands for",
    ["lib", "functions/cluster"],
  ],
  "functions/oidc": [
    "issuers of OIDC tokens, and whose their tokens are",
    ["lib", "functions/cluster", "functions/net", "functions/yaml"],
    ["jose"],
  ],
  "functions/proxy": [
    "the second door: an impersonating API proxy",
    [
      "lib",
      "functions/certificates",
      "functions/registry",
      "functions/cluster",
      "functions/oidc",
      "functions/net",
      "functions/telemetry",
    ],
  ],
  "functions/server": [
    "both doors on one port: clusters, issuers, TLS, health, metrics",
    [
      "lib",
      "functions/webhook",
      "functions/proxy",
      "functions/certificates",
      "functions/oidc",
      "functions/registry",
      "functions/cluster",
      "functions/net",
      "functions/gateway",
      "functions/telemetry",
      "functions/settings",
    ],
    ["prom-client"],
  ],
  "functions/streaming": [
    "the proxy behind a gateway that streams answers",
    [
      "lib",
      "functions/proxy",
      "functions/oidc",
      "functions/net",
      "functions/gateway",
      "functions/registry",
      "functions/telemetry",
      "functions/settings",
    ],
    ["aws-lambda"],
  ],
  functions: ["entry points, one per deployable", ["lib", "functions"]],
  "infra/command-line": [
    "arguments, shared options, files, tables, YAML",
    ["lib/meta", "lib/policy", "lib/presets", "functions/yaml", "functions/cluster", "functions/policies"],
    ["cli-truncate", "fastest-levenshtein", "string-width", "wrap-ansi", "yaml"],
  ],
  "infra/build": ["bundles of functions, library and command line", ["lib", "functions"], ["esbuild"]],
  "infra/kubernetes": ["example manifests", ["lib", "functions/policies", "infra/command-line"]],
  "infra/local": [
    "local servers, throw-away certificates, sample events",
    ["lib", "functions", "infra/build", "infra/command-line"],
    ["@peculiar/x509", "reflect-metadata", "aws-lambda", "diff", "fast-json-patch"],
  ],
  "infra/cluster": [
    "looks at a cluster as a person does",
    ["lib", "functions/cluster", "functions/net", "infra/command-line"],
  ],
  "infra/doctor": [
    "checks of a guarded cluster, and of a proxy",
    ["lib", "functions/cluster", "functions/net", "functions/proxy", "infra/cluster", "infra/command-line"],
  ],
  "infra/report": [
    "stored objects that a policy would change",
    ["lib", "functions/cluster", "infra/cluster", "infra/command-line"],
  ],
  "infra/prometheus": ["alerts and a dashboard for the server's metrics", ["functions/server", "infra/command-line"]],
  "infra/cloud": ["what is deployed beside a function", ["functions/telemetry", "functions/webhook"]],
  "infra/commands": [
    "one file a command",
    [
      "lib",
      "functions",
      "infra/build",
      "infra/local",
      "infra/cluster",
      "infra/doctor",
      "infra/report",
      "infra/kubernetes",
      "infra/command-line",
    ],
  ],
  infra: ["the command-line program", ["infra/commands", "infra/command-line"]],
};

/** The longest row that a file belongs to; `functions/settings.ts` is a room of its own. */
const roomOf = (file: string): string => {
  const [tree = "", name = "", rest] = file.split("/");
  const room = `${tree}/${rest === undefined ? name.replace(/\.ts$/, "") : name}`;
  return Object.hasOwn(rooms, room) ? room : rest === undefined ? tree : room;
};

/** The rooms that a room may import besides itself. A tree stands for all of its rooms. */
const importedBy = (room: string): readonly string[] =>
  (rooms[room]?.[1] ?? [])
    .flatMap((name) => Object.keys(rooms).filter((other) => other === name || other.startsWith(`${name}/`)))
    .filter((other) => other !== room);

const importsOf = (file: string): readonly string[] =>
  [
    ...textOf(file).matchAll(
      /^(?:import|export)\b[^;]*?\bfrom\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\(\s*"([^"]+)"/gm,
    ),
  ].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? "");

const packageOf = (specifier: string): string => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;

test("each room has a row in the table, and each row a room", () => {
  expect([...new Set(files.map(roomOf))].sort()).toEqual(Object.keys(rooms).sort());
});

test("the rooms stand on each other without a circle", () => {
  const left = new Map(Object.keys(rooms).map((room) => [room, importedBy(room)]));
  for (let size = -1; size !== left.size; ) {
    size = left.size;
    for (const [room, others] of left) if (!others.some((other) => left.has(other))) left.delete(room);
  }
  expect([...left.keys()]).toEqual([]);
});

test("one exported name has one meaning", () => {
  const names = files.flatMap((file) =>
    [...textOf(file).matchAll(/^export (?:async |abstract )*(?:const|function|class|interface|type) (\w+)/gm)].map(
      ([, name]) => name,
    ),
  );
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test.each(files)("%s imports what its room may", (file) => {
  const room = roomOf(file);
  const [, , packages = []] = rooms[room] ?? ["", []];
  for (const specifier of importsOf(file)) {
    if (specifier.startsWith("node:")) expect(room, specifier).not.toMatch(/^lib/);
    else if (!specifier.startsWith(".")) expect(packages, specifier).toContain(packageOf(specifier));
    else {
      const target = posix.join(posix.dirname(file), specifier);
      if (/^dist\//.test(target)) continue;
      if (target.endsWith(".ts")) expect(files, specifier).toContain(target);
      expect([room, ...importedBy(room)], specifier).toContain(roomOf(target));
    }
  }
});

/** Comments and texts name what they like. */
const codeOf = (file: string): string =>
  textOf(file)
    .replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, "")
    .replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""');

describe.each(files.filter((file) => file.startsWith("lib/")))("%s", (file) => {
  test("imports in no other way", () => {
    expect(codeOf(file)).not.toMatch(/\bimport\s*\(|\bimport\.meta\b|\brequire\b/);
  });

  test("does no I/O, has no clock, no random numbers and no environment", () => {
    const impure =
      /\b(process|globalThis|window|self|Buffer|console|fetch|XMLHttpRequest|WebSocket|performance|Date|Intl|crypto|setTimeout|setInterval|setImmediate|queueMicrotask|navigator|localStorage|eval|Function|WebAssembly|Worker|Atomics|SharedArrayBuffer)\b(?!["':])|\bMath\.random\b|\bnode:|\basync\b|\bawait\b|\bPromise\b/;
    expect(codeOf(file).match(impure)?.[0]).toBeUndefined();
  });

  test("declares nothing that changes", () => {
    expect(codeOf(file)).not.toMatch(/^(?:export )?(?:let|var)\b/m);
  });
});
