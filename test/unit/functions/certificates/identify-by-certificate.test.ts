import { once } from "node:events";
import { connect as connectHttp2, createSecureServer, type Http2SecureServer } from "node:http2";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { connect as connectTls, type SecureVersion } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ClientTrust } from "../../../../functions/certificates/client-trust.ts";
import type { ClusterTrust } from "../../../../functions/certificates/cluster-trust.ts";
import {
  type CertificateIdentity,
  identifyByCertificate,
} from "../../../../functions/certificates/identify-by-certificate.ts";
import { readOwnAuthority } from "../../../../functions/certificates/own-authority.ts";
import { type PeerCertificate, peerCertificateOf } from "../../../../functions/certificates/peer-certificate.ts";
import { portCertificates } from "../../../../functions/certificates/port-certificates.ts";
import { readCaBundle } from "../../../../functions/cluster/ca-bundle.ts";
import type { HeaderLine } from "../../../../lib/proxy/index.ts";
import {
  anyUsage,
  clientAuth,
  type MadeCertificate,
  makeCertificate,
  names,
  serverAuth,
} from "../../../support/made-certificate.ts";

const uidAttribute = "1.3.6.1.4.1.57683.2";
const alice = names(["CN", "alice"], ["O", "dev"]);
const past = new Date(Date.now() - 60_000);

const makeAll = async () => {
  const ca = (name: string, pathLength: true | 0 = true) => makeCertificate({ subject: `CN=${name}`, ca: pathLength });
  const [a, b, own, proxies, serverCa] = await Promise.all([ca("A"), ca("B"), ca("own", 0), ca("proxies"), ca("S")]);
  const intermediate = await makeCertificate({ subject: "CN=between", ca: true, by: a });
  const serverOnly = await makeCertificate({ subject: "CN=for servers", ca: true, by: a, usages: [serverAuth] });
  const ofProxies = await makeCertificate({ subject: "CN=between proxies", ca: true, by: proxies });
  const ownBetween = await makeCertificate({ subject: "CN=between own", ca: true, by: own });
  const endEntity = await makeCertificate({ subject: alice, by: a });
  return { a, b, own, proxies, serverCa, intermediate, serverOnly, ofProxies, ownBetween, endEntity };
};

let made: Awaited<ReturnType<typeof makeAll>>;
let serverCertificate: MadeCertificate;
beforeAll(async () => {
  made = await makeAll();
  serverCertificate = await makeCertificate({ subject: "CN=localhost", by: made.serverCa, usages: [serverAuth] });
});

const trustOf = (ca: MadeCertificate, proxyCa?: MadeCertificate): ClusterTrust => ({
  clientCas: readCaBundle(ca.cert).certificates,
  ...(proxyCa && {
    frontProxy: {
      cas: readCaBundle(proxyCa.cert).certificates,
      allowedNames: ["front-proxy"],
      headers: { username: ["x-user"], uid: ["x-uid"], group: ["x-group"], extraPrefix: ["x-extra-"] },
    },
  }),
});

/** A TLS server that tells what it knows of its client. */
const serve = async (trusted: readonly ClientTrust[]) => {
  const port = portCertificates(() => trusted);
  const { cert, key } = serverCertificate;
  const server: Http2SecureServer = createSecureServer({ allowHTTP1: true, cert, key, ...port.tlsOptions() });
  server.prependListener("secureConnection", port.onSecureConnection);
  let seen: PeerCertificate | undefined;
  server.on("request", (asked, response) => {
    seen = peerCertificateOf(asked);
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = { host: "127.0.0.1", port: (server.address() as AddressInfo).port, servername: "localhost" };
  /** What the server sees of a client that shows a certificate and its intermediates. */
  const connect = async (http: 1 | 2, shown: readonly MadeCertificate[]): Promise<PeerCertificate | undefined> => {
    const tls = {
      ca: made.serverCa.cert,
      ...(shown[0] && { cert: shown.map(({ cert: pem }) => pem).join(""), key: shown[0].key }),
    };
    seen = undefined;
    if (http === 1) {
      const asked = request({ ...at, ...tls, agent: false }).end();
      const [answer] = await once(asked, "response");
      await once(answer.resume(), "end");
    } else {
      const session = connectHttp2(`https://localhost:${at.port}`, { ...tls, ...at });
      const stream = session.request({ ":path": "/" });
      await once(stream.resume(), "end");
      session.close();
    }
    return seen;
  };
  /** The same over HTTP/1.1, with a session that an earlier connection left. */
  const resume = (shown: MadeCertificate, version: SecureVersion, session?: Buffer) =>
    new Promise<{ peer: PeerCertificate | undefined; session: Buffer; isResumed: boolean }>((resolve, reject) => {
      seen = undefined;
      const only = { minVersion: version, maxVersion: version };
      const socket = connectTls({ ...at, ...only, ca: made.serverCa.cert, ...shown, ...(session && { session }) });
      let left = session ?? Buffer.alloc(0);
      socket.on("session", (fresh: Buffer) => {
        left = fresh;
      });
      socket.on("error", reject);
      let isResumed = false;
      socket.once("secureConnect", () => {
        isResumed = socket.isSessionReused();
      });
      socket.once("close", () => resolve({ peer: seen, session: left, isResumed }));
      socket.end("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      socket.resume();
    });
  const change = (next: typeof trusted) => {
    trusted = next;
    port.renew();
    server.setSecureContext({ cert, key, ...port.tlsOptions() });
  };
  return { connect, resume, change, close: () => server.close() };
};

type Served = Awaited<ReturnType<typeof serve>>;
const said = (identity: CertificateIdentity): string =>
  "fault" in identity
    ? `fault: ${identity.fault}`
    : `${identity.user.username} [${identity.user.groups}] ${identity.user.uid ?? ""}by ${identity.way}`;

describe.each([1, 2] as const)("one cluster, an own CA and a front proxy, over HTTP/%i", (http) => {
  let served: Served;
  let trust: ClientTrust;
  beforeAll(async () => {
    trust = {
      cluster: trustOf(made.a, made.a),
      own: { cas: readOwnAuthority(made.own.cert), allowedNames: new Set(["system:monitoring"]) },
    };
    served = await serve([trust]);
  });
  afterAll(() => served.close());

  type Row = readonly [
    what: string,
    wanted: () => Promise<readonly MadeCertificate[]> | readonly MadeCertificate[],
    expected: string,
    lines?: readonly HeaderLine[],
  ];
  const of = async (by: MadeCertificate, subject: readonly (readonly [string, string])[], more = {}) => [
    await makeCertificate({ subject: names(...subject), by, ...more }),
  ];
  const refused = (code: string) => `fault: the client certificate is not accepted (${code})`;
  const unknown = refused("UNABLE_TO_VERIFY_LEAF_SIGNATURE");

  const rows: readonly Row[] = [
    [
      "a certificate of the cluster's CA",
      () => of(made.a, [["CN", "alice"]]),
      "alice [system:authenticated] by cluster CA",
    ],
    ["one of the own CA", () => of(made.own, [["CN", "bob"]]), "bob [system:authenticated] by own CA"],
    ["one of another cluster's CA", () => of(made.b, [["CN", "alice"]]), unknown],
    [
      "a forged one: a CA of the same name with another key",
      async () => of(await makeCertificate({ subject: "CN=A", ca: true }), [["CN", "alice"]]),
      unknown,
    ],
    [
      "a forged one that does not tell the key of its CA",
      async () => of(await makeCertificate({ subject: "CN=A", ca: true }), [["CN", "alice"]], { keyIds: false }),
      refused("CERT_SIGNATURE_FAILURE"),
    ],
    [
      "one that signed itself",
      async () => [await makeCertificate({ subject: alice })],
      refused("DEPTH_ZERO_SELF_SIGNED_CERT"),
    ],
    ["an expired one", () => of(made.a, [["CN", "alice"]], { notAfter: past }), refused("CERT_HAS_EXPIRED")],
    ["one for servers", () => of(made.a, [["CN", "alice"]], { usages: [serverAuth] }), refused("INVALID_PURPOSE")],
    [
      "one for servers and clients",
      () => of(made.a, [["CN", "alice"]], { usages: [serverAuth, clientAuth] }),
      "alice [system:authenticated] by cluster CA",
    ],
    [
      "one for no purpose",
      () => of(made.a, [["CN", "alice"]], { usages: [] }),
      "alice [system:authenticated] by cluster CA",
    ],
    ["one for any purpose", () => of(made.a, [["CN", "alice"]], { usages: [anyUsage] }), refused("INVALID_PURPOSE")],
    ["one of an intermediate that is not sent", () => of(made.intermediate, [["CN", "eve"]]), unknown],
    [
      "one of an intermediate that is sent",
      async () => [...(await of(made.intermediate, [["CN", "eve"]])), made.intermediate],
      "eve [system:authenticated] by cluster CA",
    ],
    [
      "one of an intermediate for servers",
      async () => [...(await of(made.serverOnly, [["CN", "eve"]])), made.serverOnly],
      refused("INVALID_PURPOSE"),
    ],
    [
      "one of an intermediate of the own CA",
      async () => [...(await of(made.ownBetween, [["CN", "eve"]])), made.ownBetween],
      refused("PATH_LENGTH_EXCEEDED"),
    ],
    [
      "one that a user issued",
      async () => [...(await of(made.endEntity, [["CN", "eve"]])), made.endEntity],
      refused("UNSPECIFIED"),
    ],
    [
      "two organizations and a uid",
      () =>
        of(made.a, [
          ["CN", "zoë"],
          ["O", "b,c"],
          ["O", "a"],
          [uidAttribute, "u-1"],
        ]),
      "zoë [b,c,a,system:authenticated] u-1by cluster CA",
    ],
    [
      "the own CA's with a uid",
      () =>
        of(made.own, [
          ["CN", "zoë"],
          [uidAttribute, "u"],
        ]),
      "zoë [system:authenticated] uby own CA",
    ],
    [
      "two uids",
      () =>
        of(made.a, [
          ["CN", "a"],
          [uidAttribute, "1"],
          [uidAttribute, "2"],
        ]),
      "fault: the client certificate has two uids",
    ],
    [
      "an empty uid",
      () =>
        of(made.a, [
          ["CN", "a"],
          [uidAttribute, ""],
        ]),
      "fault: the uid of the client certificate is empty",
    ],
    [
      "two common names: the last one",
      () =>
        of(made.a, [
          ["CN", "a"],
          ["CN", "b"],
        ]),
      "b [system:authenticated] by cluster CA",
    ],
    ["no common name", () => of(made.a, [["O", "dev"]]), "fault: the client certificate has no common name"],
    ["an empty common name", () => of(made.a, [["CN", ""]]), "fault: the client certificate has no common name"],
    ["a line break in the name", () => of(made.a, [["CN", "a\nb"]]), "a\nb [system:authenticated] by cluster CA"],
    [
      "a member of system:masters, of the cluster's CA",
      () =>
        of(made.a, [
          ["CN", "root"],
          ["O", "system:masters"],
        ]),
      "root [system:masters,system:authenticated] by cluster CA",
    ],
    [
      "a member of system:masters, of the own CA",
      () =>
        of(made.own, [
          ["CN", "root"],
          ["O", "system:masters"],
        ]),
      'fault: a client certificate of the own CA has the reserved name "system:masters"',
    ],
    [
      "a user of system:, of the own CA",
      () => of(made.own, [["CN", "system:admin"]]),
      'fault: a client certificate of the own CA has the reserved name "system:admin"',
    ],
    [
      "a reserved name that the configuration allows",
      () =>
        of(made.own, [
          ["CN", "prometheus"],
          ["O", "system:monitoring"],
        ]),
      "prometheus [system:monitoring,system:authenticated] by own CA",
    ],
    [
      "a front proxy that names a user",
      () => of(made.a, [["CN", "front-proxy"]]),
      "carol [ops,system:authenticated] by front proxy",
      [
        ["X-User", "carol"],
        ["X-Group", "ops"],
      ],
    ],
    [
      "a front proxy that names none",
      () => of(made.a, [["CN", "front-proxy"]]),
      "front-proxy [system:authenticated] by cluster CA",
    ],
    [
      "headers of a front proxy with another name",
      () => of(made.a, [["CN", "alice"]]),
      "alice [system:authenticated] by cluster CA",
      [["X-User", "carol"]],
    ],
    [
      "headers of a front proxy with a certificate of the own CA in its name",
      () => of(made.own, [["CN", "front-proxy"]]),
      "front-proxy [system:authenticated] by own CA",
      [["X-User", "carol"]],
    ],
    [
      "a front proxy that names a user in bytes that are not UTF-8",
      () => of(made.a, [["CN", "front-proxy"]]),
      "fault: a header of the front proxy is not UTF-8",
      [["X-User", "carol\xff"]],
    ],
  ];
  test.each(rows.map(([what, wanted, expected, lines = []]) => ({ what, wanted, expected, lines })))(
    "$what",
    async ({ wanted, expected, lines }) => {
      const peer = await served.connect(http, await wanted());
      if (peer === undefined) throw new Error("no certificate was seen");
      expect(said(identifyByCertificate(peer, lines, trust, Date.now()))).toBe(expected);
    },
  );

  test("no certificate is not a bad one", async () => {
    expect(await served.connect(http, [])).toBeUndefined();
  });
});

describe("what counts changes while a connection is open", () => {
  let served: Served;
  const own = { cas: [], allowedNames: new Set<string>() };
  const leafOf = async (by: MadeCertificate, notAfter?: Date) =>
    makeCertificate({ subject: alice, by, ...(notAfter && { notAfter }) });
  const identityAt = (peer: PeerCertificate | undefined, cluster: ClusterTrust, now = Date.now()) =>
    peer && said(identifyByCertificate(peer, [], { cluster, own }, now));

  afterAll(() => served.close());

  test("a certificate and a CA end", async () => {
    const soon = new Date(Date.now() + 60_000);
    const ending = await makeCertificate({ subject: "CN=ending", ca: true, notAfter: soon });
    const cluster = { clientCas: [...trustOf(made.a).clientCas, ...trustOf(ending).clientCas] };
    served = await serve([{ cluster, own }]);
    const [first, second] = [
      await served.connect(2, [await leafOf(made.a, soon)]),
      await served.connect(2, [await leafOf(ending)]),
    ];
    const good = "alice [dev,system:authenticated] by cluster CA";
    expect([identityAt(first, cluster), identityAt(second, cluster)]).toEqual([good, good]);
    const later = soon.getTime() + 1_000;
    expect(identityAt(first, cluster, later)).toBe("fault: the client certificate has expired");
    expect(identityAt(second, cluster, later)).toMatch(/^fault: no client CA/);
    served.close();
  });

  test("a CA is taken away: open connections and new ones lose it", async () => {
    const [before, after] = [trustOf(made.a), trustOf(made.b)];
    served = await serve([{ cluster: before, own }]);
    const direct = [await leafOf(made.a)];
    const between = [await leafOf(made.intermediate), made.intermediate];
    const open = [await served.connect(2, direct), await served.connect(2, between)];
    expect(open.map((peer) => identityAt(peer, before))).toEqual(
      Array(2).fill("alice [dev,system:authenticated] by cluster CA"),
    );
    served.change([{ cluster: after, own }]);
    expect(open.map((peer) => identityAt(peer, after))).toEqual(
      Array(2).fill(expect.stringMatching(/^fault: no client CA/)),
    );
    const fresh = [await served.connect(2, direct), await served.connect(2, between)];
    expect(fresh.map((peer) => identityAt(peer, after))).toEqual(
      Array(2).fill(expect.stringMatching(/^fault: the client certificate is not accepted/)),
    );
    served.close();
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)("a session is resumed only while its CA counts, %s", async (version) => {
    const [before, after] = [trustOf(made.a), trustOf(made.b)];
    served = await serve([{ cluster: before, own }]);
    const shown = await leafOf(made.a);
    const first = await served.resume(shown, version);
    const second = await served.resume(shown, version, first.session);
    expect([second.isResumed, identityAt(second.peer, before)]).toEqual([
      true,
      "alice [dev,system:authenticated] by cluster CA",
    ]);
    served.change([{ cluster: after, own }]);
    const third = await served.resume(shown, version, second.session);
    expect([third.isResumed, identityAt(third.peer, after)]).toEqual([false, expect.stringMatching(/^fault:/)]);
    served.close();
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)(
    "a bad certificate stays bad in a resumed session, %s",
    async (version) => {
      const cluster = trustOf(made.a);
      served = await serve([{ cluster, own }]);
      const shown = await leafOf(made.b);
      const first = await served.resume(shown, version);
      const second = await served.resume(shown, version, first.session);
      expect([first, second].map(({ peer }) => identityAt(peer, cluster))).toEqual(
        Array(2).fill(expect.stringMatching(/^fault: the client certificate is not accepted/)),
      );
      served.close();
    },
  );

  test("right after a change, no handshake tells whose an intermediate is", async () => {
    const [before, after] = [trustOf(made.a), trustOf(made.a)];
    served = await serve([{ cluster: before, own }]);
    served.change([{ cluster: after, own }]);
    const peer = await served.connect(1, [await leafOf(made.intermediate), made.intermediate]);
    expect(identityAt(peer, after)).toMatch(/^fault: no client CA/);
  });
});

describe("several clusters on one port", () => {
  let served: Served;
  let clusters: readonly [ClusterTrust, ClusterTrust];
  const own = { cas: [], allowedNames: new Set<string>() };
  beforeAll(async () => {
    clusters = [trustOf(made.a), trustOf(made.b)];
    served = await serve(clusters.map((cluster) => ({ cluster, own })));
  });
  afterAll(() => served.close());
  const everywhere = async (shown: readonly MadeCertificate[]) => {
    const peer = await served.connect(2, shown);
    return peer && clusters.map((cluster) => "user" in identifyByCertificate(peer, [], { cluster, own }, Date.now()));
  };

  test("a certificate of one cluster never counts at another", async () => {
    expect(await everywhere([await makeCertificate({ subject: alice, by: made.a })])).toEqual([true, false]);
    expect(await everywhere([await makeCertificate({ subject: alice, by: made.b })])).toEqual([false, true]);
  });

  test("CAs of one name are told apart by the identifiers of their keys", async () => {
    const sameName = await makeCertificate({ subject: "CN=A", ca: true });
    const both = [trustOf(made.a), trustOf(sameName)].map((cluster) => ({ cluster, own }));
    const port = await serve(both);
    const at = async (by: MadeCertificate, more = {}) => {
      const peer = await port.connect(2, [await makeCertificate({ subject: alice, by, ...more })]);
      return both.map((trust) => peer && "user" in identifyByCertificate(peer, [], trust, Date.now()));
    };
    expect([await at(made.a), await at(sameName)]).toEqual([
      [true, false],
      [false, true],
    ]);
    // OpenSSL tries the first CA of a name only.
    const without = [await at(made.a, { keyIds: false }), await at(sameName, { keyIds: false })];
    expect(without.flat().filter(Boolean)).toHaveLength(1);
    expect([without[0]?.[1], without[1]?.[0]]).toEqual([false, false]);
    port.close();
  });

  test("one of an intermediate counts nowhere", async () => {
    const leaf = await makeCertificate({ subject: alice, by: made.intermediate });
    expect(await everywhere([leaf, made.intermediate])).toEqual([false, false]);
  });
});

test("where a front proxy's CA can have intermediates, one of an intermediate counts nowhere", async () => {
  const cluster = trustOf(made.a, made.proxies);
  const own = { cas: [], allowedNames: new Set<string>() };
  const served = await serve([{ cluster, own }]);
  for (const between of [made.intermediate, made.ofProxies]) {
    const leaf = await makeCertificate({ subject: alice, by: between });
    const peer = await served.connect(2, [leaf, between]);
    expect(peer && said(identifyByCertificate(peer, [], { cluster, own }, Date.now()))).toMatch(/^fault: no client CA/);
  }
  served.close();
});

test("a port that trusts no CA accepts no certificate, not those of public CAs either", async () => {
  expect(portCertificates(() => []).tlsOptions()).toMatchObject({ requestCert: true, ca: [] });
  const served = await serve([]);
  expect(await served.connect(2, [await makeCertificate({ subject: alice, by: made.a })])).toHaveProperty("fault");
  served.close();
});
