import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { presignedUrl, type Signing, signedHeaders, type Unsigned } from "../../../../functions/aws/sign.ts";
import { smithySigner } from "../../../support/smithy-signer.ts";

/** All vectors of AWS's published test suite (aws-sig-v4-test-suite) use these. */
const suite: Signing = {
  credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
  region: "us-east-1",
  service: "service",
  date: new Date("2015-08-30T12:36:00Z"),
};

const signatureOf = (request: Partial<Omit<Unsigned, "url">> & { readonly url?: string }, signing: Signing = suite) => {
  const url = new URL(request.url ?? "https://example.amazonaws.com/");
  const { authorization = "" } = signedHeaders({ method: "GET", headers: {}, body: "", ...request, url }, signing);
  return /Signature=(\w+)$/.exec(authorization)?.[1];
};

const session: Signing = {
  credentials: { accessKeyId: "ASIAEXAMPLE", secretAccessKey: "secret+/KEY", sessionToken: "FwoGZXIvYXdz/+=token" },
  region: "eu-west-1",
  service: "sts",
  date: new Date("2026-01-02T03:04:05Z"),
};

describe("AWS's published vectors", () => {
  test.each([
    ["get-vanilla", {}, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
    ["post-vanilla", { method: "POST" }, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
    [
      "get-vanilla-query-order-key-case",
      { url: "https://example.amazonaws.com/?Param2=value2&Param1=value1" },
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ],
  ])("%s", (_, request, signature) => {
    expect(signatureOf(request)).toBe(signature);
  });

  test("the ListUsers example of the IAM User Guide", () => {
    const url = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08";
    const headers = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
    expect(signatureOf({ url, headers }, { ...suite, service: "iam" })).toBe(
      "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    );
  });

  test("the whole header", () => {
    const url = new URL("https://example.amazonaws.com/");
    expect(signedHeaders({ method: "GET", url, headers: {}, body: "" }, suite)).toEqual({
      host: "example.amazonaws.com",
      "x-amz-date": "20150830T123600Z",
      authorization:
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    });
  });
});

describe("the same signature as the AWS SDK's signer", () => {
  const word = fc.string({ unit: fc.constantFrom(..."aZ09-._~!*'() +/=&%?#ü€😀"), minLength: 1, maxLength: 12 });
  const requests = fc.record({
    method: fc.constantFrom("GET", "POST"),
    path: fc.array(fc.string({ unit: fc.constantFrom(..."aZ09-_~ü "), minLength: 1, maxLength: 8 }), { maxLength: 3 }),
    query: fc.dictionary(word, word, { maxKeys: 4 }),
    headers: fc.dictionary(
      fc.stringMatching(/^x-[a-z][a-z0-9-]{0,8}$/),
      fc.string({ unit: fc.constantFrom(..."aZ09 /:;,="), maxLength: 20 }),
      { maxKeys: 3 },
    ),
    body: fc.string({ unit: "binary" }),
  });

  test("in headers, for any request", async () => {
    await fc.assert(
      fc.asyncProperty(
        requests,
        fc.constantFrom(suite, session),
        async ({ method, path, query, headers, body }, signing) => {
          const url = new URL(`https://example.amazonaws.com:8443/${path.map(encodeURIComponent).join("/")}`);
          for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
          const ours = signedHeaders({ method, url, headers, body }, signing);
          const { hostname, port, pathname } = url;
          const signed = await smithySigner(signing).sign(
            {
              method,
              protocol: "https:",
              hostname,
              port: Number(port),
              path: pathname,
              query,
              headers: { ...headers, host: url.host },
              body,
            },
            { signingDate: signing.date },
          );
          expect(ours["authorization"]).toBe(signed.headers["authorization"]);
        },
      ),
    );
  });

  test("in the query, for any cluster name and session token", async () => {
    const printable = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
      minLength: 1,
    });
    await fc.assert(
      fc.asyncProperty(printable, fc.option(printable, { nil: undefined }), async (cluster, sessionToken) => {
        const signing = { ...session, credentials: { ...session.credentials, sessionToken } };
        const url = new URL("https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15");
        const ours = new URL(presignedUrl(url, { "x-k8s-aws-id": cluster }, 60, signing));
        const { query } = await smithySigner(signing).presign(
          {
            method: "GET",
            protocol: "https:",
            hostname: url.hostname,
            path: "/",
            query: Object.fromEntries(url.searchParams),
            headers: { host: url.host, "x-k8s-aws-id": cluster },
          },
          { expiresIn: 60, signingDate: signing.date, unhoistableHeaders: new Set(["x-k8s-aws-id"]) },
        );
        expect(Object.fromEntries(ours.searchParams)).toEqual(query);
      }),
    );
  });
});
