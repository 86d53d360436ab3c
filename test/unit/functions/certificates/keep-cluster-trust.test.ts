import { beforeAll, expect, test } from "vitest";
import { keepClusterTrust } from "../../../../functions/certificates/keep-cluster-trust.ts";
import { makeCertificate } from "../../../support/made-certificate.ts";

let [one, other]: string[] = ["", ""];
beforeAll(async () => {
  [one, other] = await Promise.all(
    ["CN=one", "CN=other"].map(async (subject) => (await makeCertificate({ subject, ca: true })).cert),
  );
});

type Reply = { readonly status: number; readonly text: string } | Error;
const configMap = (ca: string | undefined): Reply => ({
  status: 200,
  text: JSON.stringify({ data: ca === undefined ? {} : { "client-ca-file": ca } }),
});

/** A keeper whose API server gives one answer after the other. */
const keeping = async (replies: readonly Reply[], asker = "asker") => {
  const left = [...replies];
  const warnings: string[] = [];
  let changes = 0;
  const kept = await keepClusterTrust(
    {
      send: async () => {
        const reply = left.shift() ?? new Error("asked too often");
        if (reply instanceof Error) throw reply;
        return { headers: {}, ...reply } as never;
      },
    },
    {
      asker,
      faultOf: ({ clientCas }) =>
        clientCas.some(({ subject }) => subject === "CN=other") ? "not that one" : undefined,
      onChange: () => {
        changes += 1;
      },
      warn: (sentence) => warnings.push(sentence),
    },
  );
  kept.close();
  return {
    kept,
    warnings,
    changes: () => changes,
    names: () => kept.current().clientCas.map(({ subject }) => subject),
  };
};

test("the same object stands until it changes", async () => {
  const { kept, names, warnings, changes } = await keeping([
    configMap(one),
    configMap(one),
    configMap(undefined),
    configMap(one),
  ]);
  const first = kept.current();
  expect(names()).toEqual(["CN=one"]);
  await kept.refresh();
  expect(kept.current()).toBe(first);
  expect(changes()).toBe(0);
  await kept.refresh();
  expect([names(), changes()]).toEqual([[], 1]);
  await kept.refresh();
  expect([names(), changes(), warnings]).toEqual([["CN=one"], 2, []]);
});

test("what was read last counts while it cannot be read, and one warning says so", async () => {
  const down = { status: 503, text: "" };
  const { kept, names, warnings, changes } = await keeping([
    configMap(one),
    down,
    down,
    new Error("reset"),
    configMap(one),
    down,
  ]);
  for (let times = 0; times < 5; times += 1) await kept.refresh();
  expect([names(), changes()]).toEqual([["CN=one"], 0]);
  expect(warnings).toEqual([
    expect.stringContaining("(the API server answered 503)"),
    expect.stringContaining("(the API server cannot be reached)"),
    expect.stringContaining("(the API server answered 503)"),
  ]);
});

test.each([
  [403, "asker", '"asker" may not read the ConfigMap', "--role=extension-apiserver-authentication-reader --user=asker"],
  [403, "system:serviceaccount:proxy:asker", "may not read", "--serviceaccount=proxy:asker"],
  [404, "asker", "the cluster has no ConfigMap extension-apiserver-authentication in kube-system, so", "do not count"],
  [200, "asker", "could not be read", "at the start nothing"],
])("a start that gets %i as %s trusts none, and says why", async (status, asker, what, how) => {
  const { names, warnings } = await keeping([{ status, text: "<html>" }], asker);
  expect(names()).toEqual([]);
  expect(warnings).toEqual([expect.stringContaining(what)]);
  expect(warnings[0]).toContain(how);
});

test("a fault refuses the start, and later takes all trust away", async () => {
  await expect(keeping([configMap(other)])).rejects.toThrow("not that one");
  const { kept, names, warnings, changes } = await keeping([
    configMap(one),
    configMap(other),
    configMap(other),
    configMap(one),
  ]);
  await kept.refresh();
  await kept.refresh();
  expect([names(), changes()]).toEqual([[], 1]);
  expect(warnings).toEqual(["client certificates of the cluster no longer count: not that one"]);
  await kept.refresh();
  expect([names(), changes()]).toEqual([["CN=one"], 2]);
});
