import { beforeAll, expect, test } from "vitest";
import { clientTrustFault } from "../../../../functions/certificates/client-trust.ts";
import { readClusterTrust } from "../../../../functions/certificates/cluster-trust.ts";
import { isProblem } from "../../../../lib/meta/json.ts";
import { makeCertificate } from "../../../support/made-certificate.ts";

let [one, other]: string[] = ["", ""];
beforeAll(async () => {
  [one, other] = await Promise.all(
    ["CN=one", "CN=other"].map(async (subject) => (await makeCertificate({ subject, ca: true })).cert),
  );
});

/** As kube-apiserver writes it. */
const usual = () => ({
  "client-ca-file": one,
  "requestheader-client-ca-file": other,
  "requestheader-username-headers": '["X-Remote-User"]',
  "requestheader-uid-headers": '["X-Remote-Uid"]',
  "requestheader-group-headers": '["X-Remote-Group"]',
  "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
  "requestheader-allowed-names": '["front-proxy-client"]',
});
const headers = {
  username: ["x-remote-user"],
  uid: ["x-remote-uid"],
  group: ["x-remote-group"],
  extraPrefix: ["x-remote-extra-"],
};

test.each<readonly [string, Record<string, unknown>, object]>([
  ["all of it", {}, { clientCas: 1, allowedNames: ["front-proxy-client"], headers }],
  ["two client CAs, and notes", { "client-ca-file": "two" }, { clientCas: 2 }],
  ["no client CA", { "client-ca-file": undefined }, { clientCas: 0, allowedNames: ["front-proxy-client"] }],
  ["a client CA that is not PEM", { "client-ca-file": "none" }, { clientCas: 0 }],
  ["no CA of front proxies", { "requestheader-client-ca-file": undefined }, { clientCas: 1, allowedNames: undefined }],
  ["an empty CA of front proxies", { "requestheader-client-ca-file": "" }, { clientCas: 1, allowedNames: undefined }],
  ["any name", { "requestheader-allowed-names": "[]" }, { allowedNames: [] }],
  ["no list of names", { "requestheader-allowed-names": undefined }, { allowedNames: [] }],
  ["null", { "requestheader-allowed-names": "null" }, { allowedNames: [] }],
  ["an API server without uids", { "requestheader-uid-headers": undefined }, { headers: { ...headers, uid: [] } }],
  [
    "headers that are not JSON",
    { "requestheader-group-headers": "X-Group" },
    { problem: "requestheader-group-headers is not a list of strings" },
  ],
  [
    "headers that are not strings",
    { "requestheader-group-headers": "[1]" },
    { problem: "requestheader-group-headers is not a list of strings" },
  ],
  ["an empty prefix", { "requestheader-extra-headers-prefix": '[""]' }, { problem: '"" is not the name of a header' }],
])("reads %s", (_what, changed, expected) => {
  const two = `# both\n${one}${other}`;
  const data: Record<string, unknown> = { ...usual(), ...changed };
  if (data["client-ca-file"] === "two") data["client-ca-file"] = two;
  const trust = readClusterTrust({ data });
  expect(
    isProblem(trust)
      ? trust
      : {
          clientCas: trust.clientCas.length,
          allowedNames: trust.frontProxy?.allowedNames,
          headers: trust.frontProxy?.headers,
        },
  ).toMatchObject(expected);
});

test.each([[{}], [{ data: null }], [null], ["text"]])("trusts none where %j has no data", (configMap) => {
  expect(readClusterTrust(configMap)).toEqual({ clientCas: [] });
});

test.each<readonly [string, Record<string, string>, () => string | undefined, RegExp | undefined]>([
  ["an own CA of its own", {}, () => undefined, undefined],
  ["no own CA", {}, () => undefined, undefined],
  ["the cluster's client CA as the own CA", {}, () => one, /^the own client CA is a client CA of the cluster too/],
  [
    "the front proxy's CA as the own CA",
    {},
    () => other,
    /^the own client CA is the CA of the cluster's front proxy too/,
  ],
])("%s", (_what, changed, own, expected) => {
  const cluster = readClusterTrust({ data: { ...usual(), ...changed } });
  const cas = readClusterTrust({ data: { "client-ca-file": own() } });
  if (isProblem(cluster) || isProblem(cas)) throw new Error("unreadable");
  const fault = clientTrustFault({ cluster, own: { cas: cas.clientCas, allowedNames: new Set() } });
  if (expected === undefined) expect(fault).toBeUndefined();
  else expect(fault).toMatch(expected);
});

test.each([
  ["[]", /requestheader-allowed-names is empty/],
  ['["front-proxy-client"]', undefined],
])("a CA of both clients and front proxies, with the allowed names %s", (names, expected) => {
  const data = { ...usual(), "requestheader-client-ca-file": `${other}${one}`, "requestheader-allowed-names": names };
  const cluster = readClusterTrust({ data });
  if (isProblem(cluster)) throw new Error("unreadable");
  const fault = clientTrustFault({ cluster, own: { cas: [], allowedNames: new Set() } });
  if (expected === undefined) expect(fault).toBeUndefined();
  else expect(fault).toMatch(expected);
});
