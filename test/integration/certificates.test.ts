import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { certificateUser } from "../../functions/certificates/certificate-user.ts";
import { readOwnAuthority } from "../../functions/certificates/own-authority.ts";
import { readDocument } from "../../functions/yaml/documents.ts";
import { newAuthority } from "../../infra/local/certificates.ts";
import { runCommand } from "../support/command.ts";
import { makeCertificate } from "../support/made-certificate.ts";

const folder = mkdtempSync(join(tmpdir(), "certificates-"));
const at = (...names: readonly string[]): string => join(folder, ...names);
const textOf = (...names: readonly string[]): string => readFileSync(at(...names), "utf8");
const modeOf = (...names: readonly string[]): number => statSync(at(...names)).mode & 0o777;
const hour = 3_600_000;

const keep = (name: string, { ca, caKey }: { ca: string; caKey: string }): void => {
  writeFileSync(at(`${name}.crt`), ca);
  writeFileSync(at(`${name}.key`), caKey);
};
const authorityArgs = (name: string, key = name) => ["--ca-cert", at(`${name}.crt`), "--ca-key", at(`${key}.key`)];

beforeAll(async () => {
  expect(await runCommand("certificate", ["--client-ca", "--out", folder])).toMatchObject({ status: 0, stderr: "" });
  keep("other", await newAuthority());
  keep("ending", await newAuthority(new Date(Date.now() + hour / 2)));
  const deep = await makeCertificate({ subject: "CN=deep", ca: true });
  keep("deep", { ca: deep.cert, caKey: deep.key });
  writeFileSync(at("both.crt"), textOf("client-ca.crt") + textOf("other.crt"));
  writeFileSync(at("text.key"), "text");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The one user of a kubeconfig. */
const userIn = (kubeconfig: string) => {
  const { users, ...others } = readDocument(kubeconfig) as { users: { name: string; user: Record<string, string> }[] };
  expect(others).toEqual({ apiVersion: "v1", kind: "Config" });
  const [{ name, user } = { name: "", user: {} }] = users;
  const pem = (member: string) => Buffer.from(user[member] ?? "", "base64").toString();
  return { name, cert: new X509Certificate(pem("client-certificate-data")), key: pem("client-key-data") };
};

describe("credential", () => {
  const credential = (...args: readonly string[]) => runCommand("credential", [...args, ...authorityArgs("client-ca")]);

  test("prints a kubeconfig with a user of the CA for an hour, and says that it cannot be revoked", async () => {
    const { status, stdout, stderr } = await credential("zoë", "--group", "a,b", "--group", "ü", "--uid", "u-1");
    expect(status).toBe(0);
    const { name, cert, key } = userIn(stdout);
    expect(name).toBe("zoë");
    expect(certificateUser(cert)).toMatchObject({ username: "zoë", groups: ["a,b", "ü"], uid: "u-1" });
    const [ca] = readOwnAuthority(textOf("client-ca.crt"));
    expect(ca && cert.checkIssued(ca) && cert.verify(ca.publicKey)).toBe(true);
    expect(cert.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(cert.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
    const left = Date.parse(cert.validTo) - Date.now();
    expect(left).toBeGreaterThan(hour - 60_000);
    expect(left).toBeLessThanOrEqual(hour);
    expect(stderr).toMatch(/^# it counts until \S+Z; until then it cannot be revoked, /);
  });

  test("two have two keys", async () => {
    const [one, other] = [userIn((await credential("a")).stdout), userIn((await credential("a")).stdout)];
    expect(one.key).not.toBe(other.key);
  });

  test.each([
    ["90s", 90],
    ["30m", 1_800],
    ["1h30m", 5_400],
    ["24h", 86_400],
  ])("--ttl %s", async (ttl, seconds) => {
    const { cert } = userIn((await credential("a", "--ttl", ttl)).stdout);
    expect(Math.abs(Date.parse(cert.validTo) - Date.now() - seconds * 1_000)).toBeLessThan(30_000);
  });

  test("--out writes both files for their owner alone, again and again", async () => {
    writeFileSync(at("mine"), "");
    for (const user of ["alice", "bob"]) {
      const { status, stdout } = await credential(user, "--out", at("mine.d"));
      expect([status, stdout]).toEqual([0, expect.stringContaining(at("mine.d", "client.crt"))]);
      expect(stdout).not.toContain("PRIVATE KEY");
      expect(readdirSync(at("mine.d")).sort()).toEqual(["client.crt", "client.key"]);
      expect([modeOf("mine.d"), modeOf("mine.d", "client.crt"), modeOf("mine.d", "client.key")]).toEqual([
        0o700, 0o600, 0o600,
      ]);
      const cert = new X509Certificate(textOf("mine.d", "client.crt"));
      expect(certificateUser(cert)).toMatchObject({ username: user });
      expect(cert.checkPrivateKey(createPrivateKey(textOf("mine.d", "client.key")))).toBe(true);
    }
  });

  test.each<readonly [string, () => readonly string[], string]>([
    ["no user", () => authorityArgs("client-ca"), "give one user"],
    ["two users", () => ["a", "b", ...authorityArgs("client-ca")], "give one user"],
    [
      "a user of system:",
      () => ["system:admin", ...authorityArgs("client-ca")],
      "USER system:admin begins with system:",
    ],
    [
      "a group of system:",
      () => ["a", "--group", "dev", "--group", "system:masters", ...authorityArgs("client-ca")],
      "--group system:masters begins with system:",
    ],
    ["a line break", () => ["a\nb", ...authorityArgs("client-ca")], 'USER "a\\nb" would not arrive as it is'],
    ["a space at an end", () => ["a", "--group", "b ", ...authorityArgs("client-ca")], '--group "b " would not arrive'],
    ["a uid with a line break", () => ["a", "--uid", "1\n2", ...authorityArgs("client-ca")], "--uid"],
    ["more than a day", () => ["a", "--ttl", "24h1s", ...authorityArgs("client-ca")], "--ttl 24h1s is longer than 24h"],
    ["no time", () => ["a", "--ttl", "0s", ...authorityArgs("client-ca")], "--ttl 0s is not a time"],
    ["another unit", () => ["a", "--ttl", "1d", ...authorityArgs("client-ca")], "--ttl 1d is not a time"],
    ["no CA", () => ["a"], "--ca-cert and --ca-key are needed"],
    ["a CA alone", () => ["a", "--ca-cert", at("client-ca.crt")], "--ca-cert and --ca-key are needed"],
    ["the key of another CA", () => ["a", ...authorityArgs("client-ca", "other")], "is not the key of --ca-cert"],
    ["a key that is none", () => ["a", ...authorityArgs("client-ca", "text")], "is not the key of --ca-cert"],
    ["two CAs", () => ["a", "--ca-cert", at("both.crt"), "--ca-key", at("other.key")], "holds 2 certificates"],
    ["a CA that may have intermediates", () => ["a", ...authorityArgs("deep")], "is not a CA with pathlen:0"],
    ["a CA that ends before", () => ["a", ...authorityArgs("ending")], "ends before"],
    ["a missing file", () => ["a", "--ca-cert", at("none"), "--ca-key", at("none")], "cannot be read (ENOENT)"],
  ])("refuses %s", async (_what, args, sentence) => {
    const { status, stdout, stderr } = await runCommand("credential", args());
    expect([status, stdout, stderr]).toEqual([2, "", expect.stringContaining(sentence)]);
    expect(stderr).not.toMatch(/\n {4}at /);
  });
});

describe("certificate", () => {
  test("makes a certificate for a service and other names, of a CA of its own", async () => {
    const args = [
      "--service",
      "guard.proxy",
      "--host",
      "guard.example.com",
      "--host",
      "10.0.0.1",
      "--out",
      at("server"),
    ];
    const { status, stdout, stderr } = await runCommand("certificate", args);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("kubectl create secret generic NAME --type=kubernetes.io/tls");
    expect(readdirSync(at("server")).sort()).toEqual(["ca.crt", "tls.crt", "tls.key"]);
    for (const name of ["ca.crt", "tls.crt", "tls.key"]) expect(modeOf("server", name)).toBe(0o600);
    const [ca, cert] = [
      new X509Certificate(textOf("server", "ca.crt")),
      new X509Certificate(textOf("server", "tls.crt")),
    ];
    for (const name of ["guard.proxy.svc", "guard.proxy.svc.cluster.local", "guard.proxy", "guard.example.com"])
      expect(cert.checkHost(name)).toBe(name);
    expect(cert.checkHost("other.proxy.svc")).toBeUndefined();
    expect(cert.checkIP("10.0.0.1")).toBe("10.0.0.1");
    expect(cert.checkIssued(ca) && cert.verify(ca.publicKey)).toBe(true);
    expect(cert.checkPrivateKey(createPrivateKey(textOf("server", "tls.key")))).toBe(true);
    const again = await runCommand("certificate", args);
    expect([again.status, again.stderr]).toEqual([2, expect.stringContaining("is there already")]);
  });

  test("prints PEM: the CA, the certificate, the key", async () => {
    const { status, stdout } = await runCommand("certificate", ["--host", "localhost"]);
    expect(status).toBe(0);
    expect([...stdout.matchAll(/BEGIN ([A-Z ]+)/g)].map(([, type]) => type)).toEqual([
      ...["CERTIFICATE", "CERTIFICATE", "PRIVATE KEY"],
    ]);
  });

  test("--client-ca makes a CA that the proxy takes, each with a name of its own", async () => {
    expect([modeOf("client-ca.crt"), modeOf("client-ca.key")]).toEqual([0o600, 0o600]);
    const { stdout } = await runCommand("certificate", ["--client-ca"]);
    const subjects = [textOf("client-ca.crt"), stdout].map((pem) => readOwnAuthority(pem)[0]?.subject);
    expect(subjects).toEqual([expect.stringMatching(/^CN=client CA /), expect.stringMatching(/^CN=client CA /)]);
    expect(subjects[0]).not.toBe(subjects[1]);
  });

  test.each([
    ["nothing", [], "give --service or --host"],
    ["both kinds", ["--client-ca", "--host", "a"], "or --client-ca alone"],
    ["a service without a namespace", ["--service", "guard"], "--service guard is not NAME.NAMESPACE"],
    ["a service with a domain", ["--service", "guard.proxy.svc"], "is not NAME.NAMESPACE"],
    ["a service that is none", ["--service", "Guard.proxy"], "is not NAME.NAMESPACE"],
    ["a host with a port", ["--host", "a:443"], "--host a:443 is not a name or an address"],
    ["a host with a path", ["--host", "a/b"], "--host a/b"],
  ])("refuses %s", async (_what, args, sentence) => {
    const { status, stdout, stderr } = await runCommand("certificate", args);
    expect([status, stdout, stderr]).toEqual([2, "", expect.stringContaining(sentence)]);
  });
});

test.each([
  ["a CA that may have intermediates", () => ["--client-ca", at("deep.crt")], "is not a CA with pathlen:0"],
  ["a missing CA", () => ["--client-ca", at("none")], "ENOENT"],
  [
    "a name that is not reserved",
    () => ["--client-ca", at("client-ca.crt"), "--reserved-name", "a"],
    "does not begin with system:",
  ],
  [
    "a reserved name without a CA",
    () => ["--reserved-name", "system:a"],
    "--reserved-name goes with --client-ca or --authentication-config",
  ],
])("proxy does not start with %s", async (_what, args, sentence) => {
  const { status, stdout, stderr } = await runCommand("proxy", ["--actor", "a", ...args()]);
  expect([status, stdout, stderr]).toEqual([2, "", expect.stringContaining(sentence)]);
});
