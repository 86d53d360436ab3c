import { beforeAll, expect, test } from "vitest";
import { keepClientTrust } from "../../../../functions/certificates/client-trust.ts";
import { noClusterTrust } from "../../../../functions/certificates/cluster-trust.ts";
import { keepClusterTrust } from "../../../../functions/certificates/keep-cluster-trust.ts";
import { readOwnAuthority } from "../../../../functions/certificates/own-authority.ts";
import { readCaBundle } from "../../../../functions/cluster/ca-bundle.ts";
import { makeCertificate } from "../../../support/made-certificate.ts";

let one = "";
let direct = "";
beforeAll(async () => {
  [one, direct] = await Promise.all([
    makeCertificate({ subject: "CN=one", ca: true }).then(({ cert }) => cert),
    makeCertificate({ subject: "CN=direct", ca: 0 }).then(({ cert }) => cert),
  ]);
});

type Reply = { readonly status: number; readonly text: string } | Error;
const configMap = (data: object): Reply => ({ status: 200, text: JSON.stringify({ data }) });
const withCa = (): Reply => configMap({ "client-ca-file": one });

/** A keeper whose API server gives one answer after the other. */
const keeping = (...replies: readonly Reply[]) => {
  const left = [...replies];
  const kept = keepClusterTrust({
    send: async () => {
      const reply = left.shift() ?? new Error("asked too often");
      if (reply instanceof Error) throw reply;
      return { headers: {}, ...reply } as never;
    },
  });
  return { ...kept, read: () => kept.refresh("asker"), names: () => kept.current().clientCas.map(String) };
};

test("the same object stands until it changes", async () => {
  const { current, read, names } = keeping(withCa(), withCa(), configMap({}), withCa());
  expect(names()).toEqual([]);
  expect(await read()).toBeUndefined();
  const first = current();
  expect(names()).toHaveLength(1);
  await read();
  expect(current()).toBe(first);
  await read();
  expect(names()).toEqual([]);
  await read();
  expect(names()).toHaveLength(1);
});

test("what was read last counts while it cannot be read", async () => {
  const { read, names } = keeping(
    withCa(),
    { status: 503, text: "" },
    new Error("reset"),
    { status: 200, text: "<html>" },
    withCa(),
  );
  const seen = [await read(), await read(), await read(), await read()];
  expect(names()).toHaveLength(1);
  expect(seen).toEqual([
    undefined,
    expect.stringContaining("(the API server answered 503)"),
    expect.stringContaining("(the API server cannot be reached)"),
    expect.stringContaining("could not be read"),
  ]);
  expect(await read()).toBeUndefined();
});

test("a cluster without the ConfigMap accepts no certificate, and nothing is wrong", async () => {
  const { read, names } = keeping(withCa(), { status: 404, text: "{}" });
  expect([await read(), await read(), names()]).toEqual([undefined, undefined, []]);
});

test("one that cannot be used is told until it is another one", async () => {
  const bad = configMap({
    "client-ca-file": one,
    "requestheader-client-ca-file": one,
    "requestheader-group-headers": "x",
  });
  const { read, names } = keeping(withCa(), bad, bad, new Error("reset"), bad, withCa());
  await read();
  expect([await read(), names()]).toEqual([expect.stringContaining("requestheader-group-headers"), []]);
  expect(await read()).toContain("requestheader-group-headers");
  expect(await read()).toContain("cannot be reached");
  expect(await read()).toContain("requestheader-group-headers");
  expect([await read(), names().length]).toEqual([undefined, 1]);
});

test.each([
  ["asker", '"asker" may not read the ConfigMap', "--role=extension-apiserver-authentication-reader --user=asker"],
  ["system:serviceaccount:proxy:asker", "may not read", "--serviceaccount=proxy:asker"],
])("%s is told what to grant", async (asker, what, how) => {
  const problem = await keeping({ status: 403, text: "" }).refresh(asker);
  expect(problem).toContain(what);
  expect(problem).toContain(how);
});

test("with a fault nothing of the cluster counts, and the own CA does", () => {
  const trustOf = (pem: string) => ({ clientCas: readCaBundle(pem).certificates });
  const own = { cas: readOwnAuthority(direct), allowedNames: new Set<string>() };
  let cluster = trustOf(one);
  const now = keepClientTrust(
    () => cluster,
    () => own,
  );
  expect(now()).toEqual({ cluster, own });
  expect(now()).toBe(now());
  cluster = trustOf(direct);
  expect(now()).toEqual({ cluster: noClusterTrust, own });
  expect(now()).toBe(now());
});
