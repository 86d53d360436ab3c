import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openCluster } from "../../infra/cluster/api-client.ts";
import { whoIs } from "../../infra/doctor/site.ts";
import { clientCertificate } from "../support/client-certificate.ts";
import { type ControlPlane, startControlPlane } from "./control-plane.ts";

/** The values for a kubeconfig of this test's API server. */
interface World {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  readonly token: string;
  readonly cert: string;
  readonly key: string;
}

interface Given {
  /** The kubeconfig, as text or as an object that is written as JSON. */
  readonly config: unknown;
  /** Other files of its folder, by their names. */
  readonly files?: Readonly<Record<string, string>>;
  /** `KUBECONFIG`, of names of files, in place of `--kubeconfig config`. */
  readonly listed?: readonly string[];
  /** Whether `.kube/config` in HOME is read. */
  readonly home?: boolean;
  readonly context?: string;
}

interface Members {
  readonly cluster?: object;
  readonly user?: object | null;
  readonly context?: object | null;
  /** Members of the kubeconfig itself. */
  readonly top?: object;
}

let plane: ControlPlane & { readonly stop: () => Promise<void> };
let world: World;
const folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const exec = "client.authentication.k8s.io";
const plugin = (status: string): string =>
  `#!/bin/sh\ncat <<'END'\n{"apiVersion":"${exec}/v1","kind":"ExecCredential","status":${status}}\nEND\n`;

const config = ({ url, ca, token }: World, { cluster, user, context, top }: Members = {}) => ({
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: "c", cluster: { server: url, "certificate-authority-data": base64(ca), ...cluster } }],
  users: [{ name: "u", user: user === undefined ? { token } : user }],
  contexts: [{ name: "x", context: context === null ? null : { cluster: "c", user: "u", ...context } }],
  "current-context": "x",
  ...top,
});
const withMembers =
  (members: (world: World) => Members, files?: (world: World) => Readonly<Record<string, string>>) =>
  (given: World): Given => ({ config: config(given, members(given)), ...(files && { files: files(given) }) });
const withCluster = (cluster: object) => withMembers(() => ({ cluster }));
const withUser = (user: object, files?: (world: World) => Readonly<Record<string, string>>) =>
  withMembers(() => ({ user }), files);
const withExec = (more: object, files: Readonly<Record<string, string>> = {}) =>
  withMembers(
    () => ({ user: { exec: { apiVersion: `${exec}/v1`, interactiveMode: "Never", command: "./plugin", ...more } } }),
    ({ token }) => ({ plugin: plugin(JSON.stringify({ token })), ...files }),
  );
const asText =
  (write: (json: string, world: World) => string) =>
  (given: World): Given => ({ config: write(JSON.stringify(config(given)), given) });
const yaml = ({ url, ca, token }: World, tokenLine = `token: ${token}`, more = ""): string => `apiVersion: v1
kind: Config
clusters:
- name: c
  cluster: {server: "${url}", certificate-authority-data: ${base64(ca)}}
users:
- name: u
  user:
    ${tokenLine}
contexts:
- name: x
  context: {cluster: c, user: u}
current-context: x
${more}`;
const asYaml =
  (token?: (world: World) => string, more?: string) =>
  (given: World): Given => ({ config: yaml(given, token?.(given), more) });

const named = { name: "e", extension: {} };

type Row = readonly [name: string, given: (world: World) => Given];

/** kubectl and the commands reach the API server as the same user. */
const served: readonly Row[] = [
  ["a token", (given) => ({ config: config(given) })],
  ["YAML", asYaml()],
  ["UTF-8 YAML after a byte order mark", (given) => ({ config: `\uFEFF${yaml(given)}` })],
  ["document markers before and after", (given) => ({ config: `---\n${yaml(given)}---\n` })],
  ["an anchor and its alias", asYaml(({ token }) => `token: &t ${token}`, "extensions: [{name: e, extension: *t}]")],
  ["a merge key", asYaml(({ token }) => `<<: {token: bad}\n    token: ${token}`)],
  ["a merge key after the member that it replaces", asYaml(({ token }) => `token: bad\n    <<: {token: ${token}}`)],
  ["a duplicate member, of which the last one counts", asYaml(({ token }) => `token: bad\n    token: ${token}`)],
  ["unknown members", withMembers(() => ({ top: { more: 1 }, context: { more: [] } }))],
  ["empty kind and version", withMembers(() => ({ top: { kind: undefined, apiVersion: "" } }))],
  ["lists that are null", withMembers(() => ({ top: { extensions: null, preferences: null } }))],
  ["a named context", (given) => ({ config: { ...config(given), "current-context": "gone" }, context: "x" })],
  [
    "a broken context beside the good one",
    withMembers(() => ({
      top: { contexts: [{ name: "x", context: { cluster: "c", user: "u" } }, { name: "y" }] },
    })),
  ],
  ["a namespace", withMembers(() => ({ context: { namespace: "team-a" } }))],
  ["an invalid namespace", withMembers(() => ({ context: { namespace: "Team A" } }))],
  ["two slashes at the end of the server", withMembers(({ url }) => ({ cluster: { server: `${url}//` } }))],
  ["a name for the certificate", withCluster({ "tls-server-name": "kubernetes.default.svc" })],
  ["disabled compression", withCluster({ "disable-compression": true })],
  [
    "a certificate authority in a file beside it",
    withMembers(
      () => ({ cluster: { "certificate-authority-data": undefined, "certificate-authority": "ca.pem" } }),
      ({ ca }) => ({ "ca.pem": ca }),
    ),
  ],
  [
    "data of a certificate authority with line breaks",
    withMembers(({ ca }) => ({
      cluster: { "certificate-authority-data": base64(ca).replace(/(.{60})/g, "$1\n") },
    })),
  ],
  [
    "a certificate authority after a broken one",
    withMembers(({ ca }) => ({
      cluster: {
        "certificate-authority-data": base64(`-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n${ca}`),
      },
    })),
  ],
  [
    "a certificate authority after text and a key",
    withMembers(({ ca, key }) => ({
      cluster: { "certificate-authority-data": base64(`# ours\n${key}\n${ca}`) },
    })),
  ],
  ["tokenFile", withUser({ tokenFile: "token" }, ({ token }) => ({ token: ` ${token}\n` }))],
  ["tokenFile in a folder beside it", withUser({ tokenFile: "tokens/a" }, ({ token }) => ({ "tokens/a": token }))],
  ["tokenFile beside a bad token", withUser({ token: "bad", tokenFile: "token" }, ({ token }) => ({ token }))],
  ["a token beside a tokenFile that is missing", withMembers(({ token }) => ({ user: { token, tokenFile: "gone" } }))],
  [
    "a token beside a tokenFile that is empty",
    withMembers(
      ({ token }) => ({ user: { token, tokenFile: "empty" } }),
      () => ({ empty: "\n" }),
    ),
  ],
  [
    "a token beside a missing plugin",
    withMembers(({ token }) => ({
      user: { token, exec: { apiVersion: `${exec}/v1beta1`, command: "no-such-plugin" } },
    })),
  ],
  ["impersonation of a user", withMembers(({ token }) => ({ user: { token, as: "carl" } }))],
  [
    "impersonation of a user with groups",
    withMembers(({ token }) => ({
      user: { token, as: "carl", "as-groups": ["one", "two"], "as-user-extra": { "example.com/Scope": ["a", "b"] } },
    })),
  ],
  [
    "impersonation of a user with a uid",
    withMembers(({ token }) => ({ user: { token, as: "carl", "as-uid": "u-1" } })),
  ],
  [
    "empty impersonation members",
    withMembers(({ token }) => ({
      user: { token, as: "", "as-uid": null, "as-groups": [], "as-user-extra": {} },
    })),
  ],
  [
    "a client certificate",
    withMembers(({ cert, key }) => ({
      user: { "client-certificate-data": base64(cert), "client-key-data": base64(key) },
    })),
  ],
  [
    "a client certificate in files",
    withUser({ "client-certificate": "cert", "client-key": "key" }, ({ cert, key }) => ({ cert, key })),
  ],
  [
    "a client certificate and its key in one file, the key first",
    withUser({ "client-certificate": "both", "client-key": "both" }, ({ cert, key }) => ({ both: `${key}\n${cert}` })),
  ],
  [
    "a client certificate and its key in one file, the key last",
    withUser({ "client-certificate": "both", "client-key": "both" }, ({ cert, key }) => ({ both: `${cert}\n${key}` })),
  ],
  [
    "a client certificate and a token",
    withMembers(({ cert, key, token }) => ({
      user: { token, "client-certificate-data": base64(cert), "client-key-data": base64(key) },
    })),
  ],
  ["a plugin beside it", withExec({})],
  [
    "a plugin in a folder beside it",
    withMembers(
      () => ({ user: { exec: { apiVersion: `${exec}/v1`, interactiveMode: "IfAvailable", command: "bin/plugin" } } }),
      ({ token }) => ({ "bin/plugin": plugin(JSON.stringify({ token })) }),
    ),
  ],
  [
    "a plugin on the PATH",
    withMembers(({ token }) => ({
      user: {
        exec: {
          apiVersion: `${exec}/v1beta1`,
          command: "sh",
          args: ["-c", 'echo "$CREDENTIAL"'],
          env: [
            {
              name: "CREDENTIAL",
              value: JSON.stringify({ apiVersion: `${exec}/v1beta1`, kind: "ExecCredential", status: { token } }),
            },
          ],
        },
      },
    })),
  ],
  [
    "a plugin that prints a certificate",
    withMembers(
      () => ({ user: { exec: { apiVersion: `${exec}/v1`, interactiveMode: "Never", command: "./plugin" } } }),
      ({ cert, key }) => ({
        plugin: plugin(JSON.stringify({ clientCertificateData: cert, clientKeyData: key })),
      }),
    ),
  ],
  [
    "a plugin that needs its cluster",
    withMembers(
      ({ url }) => ({
        cluster: { extensions: [{ name: `${exec}/exec`, extension: { audience: "us" } }] },
        user: {
          exec: {
            apiVersion: `${exec}/v1`,
            interactiveMode: "Never",
            command: "./plugin",
            provideClusterInfo: true,
            args: [url],
          },
        },
      }),
      ({ token }) => ({
        plugin: `#!/bin/sh
case "$KUBERNETES_EXEC_INFO" in
*'"server":"'"$1"'"'*'"certificate-authority-data":"'*'"config":{"audience":"us"}'*) ;;
*) exit 1 ;;
esac
${plugin(JSON.stringify({ token }))}`,
      }),
    ),
  ],
  [
    "several files, of which the first one wins",
    (given) => ({
      config: { ...config(given), "current-context": "" },
      files: {
        other: JSON.stringify(config(given, { cluster: { server: "https://127.0.0.1:1" }, user: { token: "bad" } })),
      },
      listed: ["config", "gone", "other"],
    }),
  ],
  [
    "several files that are merged",
    (given) => ({
      config: { clusters: config(given).clusters, "current-context": "x" },
      files: {
        "users/config": JSON.stringify({ users: [{ name: "u", user: { tokenFile: "token" } }] }),
        "users/token": given.token,
        contexts: JSON.stringify({ contexts: config(given).contexts }),
      },
      listed: ["config", "users/config", "contexts", "contexts"],
    }),
  ],
  [
    "the file in HOME",
    (given) => ({ config: "", files: { ".kube/config": JSON.stringify(config(given)) }, home: true }),
  ],
];

/** Neither kubectl nor the commands reach the API server as a user. */
const refused: readonly Row[] = [
  ["nothing", () => ({ config: "" })],
  ["an empty mapping", () => ({ config: {} })],
  ["a text", () => ({ config: "kubeconfig" })],
  ["a list", () => ({ config: [] })],
  ["broken YAML", asText((json) => `${json.slice(0, -1)}\n- a`)],
  ["indentation by a tab", asYaml(({ token }) => `\ttoken: ${token}`)],
  ["an alias without an anchor", asYaml(() => "token: *token")],
  ["another kind", withMembers(() => ({ top: { kind: "Secret" } }))],
  ["another version", withMembers(() => ({ top: { apiVersion: "v2" } }))],
  ["users that are null", withMembers(() => ({ top: { users: null } }))],
  ["no contexts", withMembers(() => ({ top: { contexts: [] } }))],
  ["a context that is null", withMembers(() => ({ context: null }))],
  ["a context with an unknown cluster", withMembers(() => ({ context: { cluster: "gone" } }))],
  ["a context with an empty user", withMembers(() => ({ context: { user: "" } }))],
  ["a context with an unknown user", withMembers(() => ({ context: { user: "gone" } }))],
  ["an unknown context", (given) => ({ config: config(given), context: "gone" })],
  ["no current context", withMembers(() => ({ top: { "current-context": "" } }))],
  [
    "two clusters with one name",
    withMembers(({ url }) => {
      const cluster = { name: "c", cluster: { server: url } };
      return { top: { clusters: [cluster, cluster] } };
    }),
  ],
  [
    "two users with one name",
    withMembers(({ token }) => ({
      top: {
        users: [
          { name: "u", user: { token } },
          { name: "u", user: { token: "b" } },
        ],
      },
    })),
  ],
  [
    "two contexts with one name",
    withMembers(() => {
      const context = { name: "x", context: { cluster: "c", user: "u" } };
      return { top: { contexts: [context, context] } };
    }),
  ],
  ...["cluster", "context", "user"].map(
    (entry): Row => [
      `two extensions of one name in a ${entry}`,
      withMembers(({ token }) => ({
        [entry]: { ...(entry === "user" && { token }), extensions: [named, named] },
      })),
    ],
  ),
  ["two extensions with one name", withMembers(() => ({ top: { extensions: [named, named] } }))],
  [
    "two preferences with one name",
    withMembers(() => ({
      top: { preferences: { extensions: [named, named] } },
    })),
  ],
  [
    "a context whose name is a number",
    withMembers(() => ({
      top: { contexts: [{ name: 110, context: { cluster: "c", user: "u" } }], "current-context": "110" },
    })),
  ],
  ["a token that is a number", withMembers(() => ({ user: { token: 5 } }))],
  ["a token that is a word of YAML 1.1", asYaml(() => "token: yes")],
  ["a flag in quotes", withMembers(({ token }) => ({ user: { token }, cluster: { "disable-compression": "true" } }))],
  ["users that are a mapping", withMembers(({ token }) => ({ top: { users: { u: { token } } } }))],
  ["a cluster that is a string", withMembers(({ url }) => ({ top: { clusters: [{ name: "c", cluster: url }] } }))],
  ["a token with a line break", withMembers(({ token }) => ({ user: { token: `${token}\n` } }))],
  ["a bad token", withUser({ token: "bad" })],
  ["a user without credentials", withUser({})],
  ["a user that is null", withMembers(() => ({ user: null }))],
  ["a password", withUser({ username: "admin", password: "admin" })],
  ["a password beside a token", withMembers(({ token }) => ({ user: { token, username: "a", password: "b" } }))],
  ["a tokenFile that is missing", withUser({ tokenFile: "gone" })],
  ["a tokenFile that is empty", withUser({ tokenFile: "empty" }, () => ({ empty: "" }))],
  ["groups without a user", withMembers(({ token }) => ({ user: { token, "as-groups": ["g"] } }))],
  ["an unknown auth-provider", withUser({ "auth-provider": { name: "gcp" } })],
  ["no server", withCluster({ server: "" })],
  ["a server without its scheme", withMembers(({ url }) => ({ cluster: { server: url.slice(8) } }))],
  ["a server with another port", withCluster({ server: "https://127.0.0.1:1" })],
  ["data of a certificate authority that is not base64", withCluster({ "certificate-authority-data": "%" })],
  ["a certificate authority that is not a certificate", withCluster({ "certificate-authority-data": base64("none") })],
  [
    "a certificate authority that is missing",
    withCluster({
      "certificate-authority-data": undefined,
      "certificate-authority": "gone",
    }),
  ],
  [
    "a certificate authority twice",
    withMembers(
      () => ({ cluster: { "certificate-authority": "ca.pem" } }),
      ({ ca }) => ({ "ca.pem": ca }),
    ),
  ],
  ["no certificate authority", withCluster({ "certificate-authority-data": undefined })],
  [
    "a certificate authority of another type",
    withMembers(({ ca }) => ({
      cluster: { "certificate-authority-data": base64(ca.replaceAll("CERTIFICATE", "X509 CERTIFICATE")) },
    })),
  ],
  [
    "a certificate authority after a byte order mark",
    withMembers(({ ca }) => ({
      cluster: { "certificate-authority-data": base64(`\uFEFF${ca.slice(ca.lastIndexOf("-----BEGIN"))}`) },
    })),
  ],
  ["a certificate for another name", withCluster({ "tls-server-name": "elsewhere.example" })],
  ["an unverified certificate beside an authority", withCluster({ "insecure-skip-tls-verify": true })],
  [
    "a client certificate without a key",
    withMembers(({ cert }) => ({
      user: { "client-certificate-data": base64(cert) },
    })),
  ],
  [
    "a client certificate with another's key",
    withMembers(({ cert }) => ({
      user: { "client-certificate-data": base64(cert), "client-key-data": base64("none") },
    })),
  ],
  [
    "a client certificate twice",
    withMembers(
      ({ cert, key }) => ({
        user: { "client-certificate-data": base64(cert), "client-certificate": "cert", "client-key-data": base64(key) },
      }),
      ({ cert }) => ({ cert }),
    ),
  ],
  ["a plugin without a version", withExec({ apiVersion: undefined })],
  ["a plugin with an old version", withExec({ apiVersion: `${exec}/v1alpha1` })],
  ["a plugin that prints another version", withExec({ apiVersion: `${exec}/v1beta1` })],
  ["a plugin without a mode", withExec({ interactiveMode: undefined })],
  ["a plugin with an unknown mode", withExec({ interactiveMode: "Sometimes" })],
  ["a plugin that needs interaction", withExec({ interactiveMode: "Always" })],
  ["a plugin without a command", withExec({ command: "" })],
  ["a missing plugin", withExec({ command: "./gone" })],
  ["a plugin whose argument is a number", withExec({ args: [5] })],
  ["a plugin with a variable without a name", withExec({ env: [{ value: "x" }] })],
  ["a plugin that prints nothing", withExec({}, { plugin: "#!/bin/sh\n" })],
  ["a plugin that prints no status", withExec({}, { plugin: plugin("null") })],
  ["a plugin that prints no credential", withExec({}, { plugin: plugin("{}") })],
  ["a plugin that prints only a key", withExec({}, { plugin: plugin('{"clientKeyData":"key"}') })],
  [
    "a plugin beside an auth-provider",
    withMembers(
      () => ({
        user: {
          "auth-provider": { name: "oidc" },
          exec: { apiVersion: `${exec}/v1`, interactiveMode: "Never", command: "./plugin" },
        },
      }),
      ({ token }) => ({ plugin: plugin(JSON.stringify({ token })) }),
    ),
  ],
  [
    "several files, of which one is broken",
    (given) => ({
      config: config(given),
      files: { broken: "a: [" },
      listed: ["config", "broken"],
    }),
  ],
  ["several files, all of which are missing", () => ({ config: "", listed: ["gone", "gone-too"] })],
];

/** kubectl reaches the API server as the user. The commands refuse with this message. */
const refusedHere: readonly (readonly [...Row, says: RegExp])[] = [
  ["a second document", (given) => ({ config: `${yaml(given)}---\na: 1\n` }), /holds 2 documents and must hold one/],
  [
    "two empty extensions with one name",
    withMembers(() => ({ top: { extensions: [{ name: "e" }, { name: "e" }] } })),
    /extensions holds the name "e" twice/,
  ],
  [
    "a query in the server",
    withMembers(({ url }) => ({ cluster: { server: `${url}/?a=b` } })),
    /server may hold a host, a port and a path only/,
  ],
  [
    "an unverified certificate, in a command that asks as the function does",
    withCluster({ "insecure-skip-tls-verify": true, "certificate-authority-data": undefined }),
    /insecure-skip-tls-verify is refused/,
  ],
  [
    "a key without a certificate",
    withMembers(({ token, key }) => ({ user: { token, "client-key-data": base64(key) } })),
    /client-certificate is missing beside client-key/,
  ],
];

const run = promisify(execFile);
let nth = 0;

/** Writes the files of a row, and returns their paths. */
const place = ({ config: content, files = {} }: Given): string => {
  const home = join(folder, String(++nth));
  const all = { config: typeof content === "string" ? content : JSON.stringify(content), ...files };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), text, { mode: 0o700 });
  }
  return home;
};

interface Verdict {
  readonly user?: object;
  readonly failure?: string;
}

const environment = (home: string, { listed }: Given): Readonly<Record<string, string>> => ({
  HOME: home,
  ...(listed && { KUBECONFIG: listed.map((name) => join(home, name)).join(":") }),
});
const namesFile = ({ listed, home }: Given): boolean => !listed && !home;

const kubectls = async (home: string, given: Given): Promise<Verdict> => {
  const args = [
    ...(namesFile(given) ? ["--kubeconfig", join(home, "config")] : []),
    ...(given.context ? ["--context", given.context] : []),
    ...["auth", "whoami", "-o", "json", "--request-timeout=60s"],
  ];
  try {
    const env = { PATH: process.env["PATH"], ...environment(home, given) };
    const running = run(plane.connection.kubectlProgram, args, { env, cwd: folder });
    running.child.stdin?.end();
    const { username, uid, groups, extra } = JSON.parse((await running).stdout).status.userInfo;
    return { user: { username, ...(uid && { uid }), groups, extra: extra ?? {} } };
  } catch (error) {
    return { failure: String((error as { stderr?: string }).stderr) };
  }
};

const variables = ["HOME", "KUBECONFIG"];

/** Sets these variables while a function runs. */
const within = async <T>(set: Readonly<Record<string, string>>, act: () => Promise<T>): Promise<T> => {
  const before = variables.map((name) => [name, process.env[name]] as const);
  for (const name of variables) delete process.env[name];
  Object.assign(process.env, set);
  try {
    return await act();
  } finally {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  }
};

const ours = (home: string, given: Given, asks = true): Promise<Verdict> =>
  within(environment(home, given), async () => {
    try {
      const file = namesFile(given) ? join(home, "config") : undefined;
      const api = openCluster(file, given.context, { asks });
      const user = await whoIs(api);
      api.close();
      return { user };
    } catch (error) {
      return { failure: error instanceof Error ? error.message : String(error) };
    }
  });

beforeAll(async () => {
  const { ca, cert, key } = await clientCertificate("certified");
  const clientCa = join(folder, "client-ca.pem");
  writeFileSync(clientCa, ca);
  plane = await startControlPlane({ flags: [`--client-ca-file=${clientCa}`] });
  const { url, caPem } = plane.connection;
  world = { url, ca: caPem, token: plane.user("admin").token, cert, key };
}, 1_800_000);
afterAll(async () => {
  await plane?.stop();
  rmSync(folder, { recursive: true });
});

describe("kubectl and the commands are the same user", () => {
  test.each(served)("%s", async (_, giving) => {
    const given = giving(world);
    const home = place(given);
    const expected = await kubectls(home, given);
    expect(expected).toHaveProperty("user");
    expect(await ours(home, given)).toEqual(expected);
  });
});

describe("kubectl and the commands both refuse", () => {
  test.each(refused)("%s", async (_, giving) => {
    const given = giving(world);
    const home = place(given);
    expect(await kubectls(home, given)).toHaveProperty("failure");
    const { failure } = await ours(home, given);
    expect(failure).toMatch(/^[^\n]{20,}$/);
    expect(failure).not.toContain(world.token);
  });
});

describe("kubectl is accepted, and the commands refuse with a message", () => {
  test.each(refusedHere)("%s", async (_, giving, says) => {
    const given = giving(world);
    const home = place(given);
    expect(await kubectls(home, given)).toHaveProperty("user");
    expect(await ours(home, given)).toEqual({ failure: expect.stringMatching(says) });
  });

  test("commands that list and try objects accept an unverified certificate, with a warning", async () => {
    const given = withCluster({ "insecure-skip-tls-verify": true, "certificate-authority-data": undefined })(world);
    const home = place(given);
    expect(await ours(home, given, false)).toEqual(await kubectls(home, given));
    expect(openCluster(join(home, "config")).insecure).toBe(true);
  });

  test("commands that list and try objects refuse impersonation", async () => {
    const given = withMembers(({ token }) => ({ user: { token, as: "carl" } }))(world);
    const home = place(given);
    expect(await kubectls(home, given)).toMatchObject({ user: { username: "carl" } });
    expect(await ours(home, given, false)).toEqual({ failure: expect.stringMatching(/user.as is refused: /) });
  });
});
