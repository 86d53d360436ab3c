import { describe, expect, test } from "vitest";
import type { AwsCall } from "../../../../functions/aws/aws-caller.ts";
import { eksTokens } from "../../../../functions/aws/eks-token.ts";
import { readSettings } from "../../../../functions/settings.ts";

const { aws } = readSettings({
  AWS_REGION: "eu-west-1",
  AWS_ACCESS_KEY_ID: "ASIAOWN",
  AWS_SECRET_ACCESS_KEY: "own-secret",
  AWS_SESSION_TOKEN: "own-session",
  AWS_ENDPOINT_URL_STS: "https://sts.example.com",
});
const role = "arn:aws:iam::123456789012:role/guard";
const minute = 60_000;
const start = Date.parse("2026-01-02T03:04:05Z");

const noCall: AwsCall = () => expect.unreachable("nothing is called");

/** Tokens from a clock that the test moves, and an STS whose roles end after a number of minutes. */
const minting = (roleMinutes = 60) => {
  const clock = { now: start };
  const bodies: string[] = [];
  const call: AwsCall = async ({ body }) => {
    bodies.push(body);
    return JSON.stringify({
      AssumeRoleResponse: {
        AssumeRoleResult: {
          Credentials: {
            AccessKeyId: `ASIAROLE${bodies.length}`,
            SecretAccessKey: "role-secret",
            SessionToken: "role-session",
            Expiration: (clock.now + roleMinutes * minute) / 1000,
          },
        },
      },
    });
  };
  const mint = eksTokens(aws, call, () => clock.now);
  return { mint, bodies, later: (minutes: number) => (clock.now += minutes * minute) };
};

const urlOf = (token: string): URL => {
  const [, text = ""] = /^k8s-aws-v1\.([\w-]+)$/.exec(token) ?? [];
  return new URL(Buffer.from(text, "base64url").toString());
};
const keyOf = (token: string) => urlOf(token).searchParams.get("X-Amz-Credential")?.split("/")[0];

describe("the token", () => {
  test("is a presigned GetCallerIdentity with the allowed parameters and nothing else", async () => {
    const url = urlOf(await eksTokens(aws, noCall, () => start)({ cluster: "prod" }));
    expect(url.origin + url.pathname).toBe("https://sts.eu-west-1.amazonaws.com/");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      Action: "GetCallerIdentity",
      Version: "2011-06-15",
      "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
      "X-Amz-Credential": "ASIAOWN/20260102/eu-west-1/sts/aws4_request",
      "X-Amz-Date": "20260102T030405Z",
      "X-Amz-Expires": "60",
      "X-Amz-Security-Token": "own-session",
      "X-Amz-SignedHeaders": "host;x-k8s-aws-id",
      "X-Amz-Signature": expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test.each([
    ["us-east-1", "sts.us-east-1.amazonaws.com"],
    ["us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"],
    ["cn-north-1", "sts.cn-north-1.amazonaws.com.cn"],
    ["us-iso-east-1", "sts.us-iso-east-1.c2s.ic.gov"],
    ["us-isob-east-1", "sts.us-isob-east-1.sc2s.sgov.gov"],
    ["eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu"],
  ])("of %s names %s", async (region, host) => {
    const url = urlOf(await eksTokens(aws, noCall, () => start)({ cluster: "prod", region }));
    expect(url.host).toBe(host);
    expect(url.searchParams.get("X-Amz-Credential")).toContain(`/${region}/sts/`);
  });

  test("needs a region and credentials", async () => {
    const none = readSettings({}).aws;
    await expect(eksTokens(none, noCall)({ cluster: "prod" })).rejects.toThrow("set AWS_REGION");
    await expect(eksTokens(none, noCall)({ cluster: "prod", region: "eu-west-1" })).rejects.toThrow(
      "there are no AWS credentials",
    );
  });
});

describe("by time", () => {
  test("a token is kept for 14 minutes, for each cluster its own", async () => {
    const { mint, later } = minting();
    const first = await mint({ cluster: "prod" });
    expect(await mint({ cluster: "test" })).not.toBe(first);
    later(13.99);
    expect(await mint({ cluster: "prod" })).toBe(first);
    later(0.01);
    expect(await mint({ cluster: "prod" })).not.toBe(first);
  });

  test("a role is assumed once for all clusters, and again five minutes before it ends", async () => {
    const { mint, bodies, later } = minting();
    expect(keyOf(await mint({ cluster: "prod", role }))).toBe("ASIAROLE1");
    expect(keyOf(await mint({ cluster: "test", role }))).toBe("ASIAROLE1");
    later(54.99);
    expect(keyOf(await mint({ cluster: "prod", role }))).toBe("ASIAROLE1");
    later(0.01);
    expect(keyOf(await mint({ cluster: "test", role }))).toBe("ASIAROLE2");
    expect(bodies).toHaveLength(2);
  });

  test("a token ends a minute before the role that signed it", async () => {
    const { mint, later } = minting(12);
    const first = await mint({ cluster: "prod", role });
    later(10.99);
    expect(await mint({ cluster: "prod", role })).toBe(first);
    later(0.01);
    expect(keyOf(await mint({ cluster: "prod", role }))).toBe("ASIAROLE2");
  });

  test("a refused token is made again, and its role is assumed again", async () => {
    const { mint, later } = minting();
    const first = await mint({ cluster: "prod" });
    expect(keyOf(await mint({ cluster: "prod", role }))).toBe("ASIAROLE1");
    later(1);
    expect(await mint({ cluster: "prod" }, true)).not.toBe(first);
    expect(keyOf(await mint({ cluster: "prod", role }, true))).toBe("ASIAROLE2");
    expect(keyOf(await mint({ cluster: "prod", role }))).toBe("ASIAROLE2");
  });

  test("tokens of two roles, or of two session names, are kept apart", async () => {
    const { mint, bodies } = minting();
    const other = `${role}-2`;
    for (const request of [{ role }, { role: other }, { role, sessionName: "me" }, { role, externalId: "x1" }])
      await mint({ cluster: "prod", ...request });
    expect(bodies.map((body) => Object.fromEntries(new URLSearchParams(body)))).toEqual([
      { Action: "AssumeRole", Version: "2011-06-15", RoleArn: role, RoleSessionName: "EKSGetTokenAuth" },
      { Action: "AssumeRole", Version: "2011-06-15", RoleArn: other, RoleSessionName: "EKSGetTokenAuth" },
      { Action: "AssumeRole", Version: "2011-06-15", RoleArn: role, RoleSessionName: "me" },
      {
        Action: "AssumeRole",
        Version: "2011-06-15",
        RoleArn: role,
        RoleSessionName: "EKSGetTokenAuth",
        ExternalId: "x1",
      },
    ]);
  });

  test("a role that could not be assumed is tried again", async () => {
    let calls = 0;
    const mint = eksTokens(aws, async () => {
      calls += 1;
      throw new Error("no");
    });
    for (const attempt of [1, 2]) {
      await expect(mint({ cluster: "prod", role })).rejects.toThrow("no");
      expect(calls).toBe(attempt);
    }
  });
});

describe("an answer of STS", () => {
  const from = (text: string) =>
    eksTokens(
      aws,
      async () => text,
      () => start,
    )({ cluster: "prod", role });

  test("may be XML", async () => {
    const token = await from(
      `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
         <SessionToken>t+/=</SessionToken><SecretAccessKey>s</SecretAccessKey>
         <Expiration>2026-01-02T04:04:05Z</Expiration><AccessKeyId>ASIAXML</AccessKeyId></Credentials>
       </AssumeRoleResult></AssumeRoleResponse>`,
    );
    expect(keyOf(token)).toBe("ASIAXML");
    expect(urlOf(token).searchParams.get("X-Amz-Security-Token")).toBe("t+/=");
  });

  test.each(["", "{}", '{"AssumeRoleResponse":{}}', "<a><AccessKeyId>x</AccessKeyId></a>", "<html>busy</html>"])(
    "%s holds no credentials",
    async (text) => {
      await expect(from(text)).rejects.toThrow("AssumeRole answered without credentials");
    },
  );
});
