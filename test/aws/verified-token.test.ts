import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eksToken } from "../../functions/aws/eks-token.ts";
import { verify } from "./parts/authenticator.ts";
import { type Sts, startSts } from "./parts/sts.ts";

/** Lambda's session tokens have about this length. */
const sessionToken = `IQoJb3JpZ2luX2VjE${"+/0aZ=".repeat(170)}`;
const credentials = { accessKeyId: "ASIAFUNCTION", secretAccessKey: "secret+/KEY", sessionToken };
const arn = "arn:aws:sts::123456789012:assumed-role/function/admission";

let sts: Sts;
beforeAll(async () => {
  sts = await startSts([{ credentials, arn }]);
});
afterAll(() => sts?.close());

const token = (region = "eu-west-1", age = 0) => eksToken(credentials, region, "prod", new Date(Date.now() - age));
const minute = 60_000;

describe("the authenticator of EKS accepts our token", () => {
  test.each([
    ["eu-west-1", "aws", "sts.eu-west-1.amazonaws.com"],
    ["us-gov-west-1", "aws-us-gov", "sts.us-gov-west-1.amazonaws.com"],
    ["cn-north-1", "aws-cn", "sts.cn-north-1.amazonaws.com.cn"],
  ])("of %s", async (region, partition, host) => {
    const { accepted, output } = await verify(token(region), "prod", sts, partition);
    expect(output).toContain(`"ARN": "${arn}"`);
    expect(output).toContain('"CanonicalARN": "arn:aws:iam::123456789012:role/function"');
    expect(output).toContain('"SessionName": "admission"');
    expect(accepted).toBe(true);
    expect(sts.asked.at(-1)).toBe(host);
  });

  test("fourteen minutes after it was made", async () => {
    expect(await verify(token("eu-west-1", 14 * minute), "prod", sts)).toMatchObject({ accepted: true });
  });
});

describe("and refuses", () => {
  const refused = async (changed: string, cluster: string, reason: string | RegExp) => {
    const { accepted, output } = await verify(changed, cluster, sts);
    expect(output).toMatch(reason);
    expect(accepted).toBe(false);
  };
  const decoded = (text: string) => Buffer.from(text.slice("k8s-aws-v1.".length), "base64url").toString();
  const encoded = (url: string) => `k8s-aws-v1.${Buffer.from(url).toString("base64url")}`;
  const byStsItself = "error from AWS (expected 200, got 403)";

  test("the token of another cluster", async () => {
    await refused(token(), "test", byStsItself);
  });

  test("a token that is older than fifteen minutes", async () => {
    await refused(token("eu-west-1", 15 * minute + 1000), "prod", "X-Amz-Date parameter is expired");
  });

  test("a changed signature", async () => {
    const url = decoded(token()).replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    await refused(encoded(url), "prod", byStsItself);
  });

  test("a changed date", async () => {
    const later = decoded(token("eu-west-1", 5 * minute));
    const now = new Date().toISOString().replace(/[-:]|\.\d{3}/g, "");
    await refused(encoded(later.replace(/X-Amz-Date=\w+/, `X-Amz-Date=${now}`)), "prod", byStsItself);
  });

  test("one more query parameter", async () => {
    await refused(encoded(`${decoded(token())}&X-Other=1`), "prod", "non-whitelisted query parameter");
  });

  test("the STS of another partition", async () => {
    await refused(token("cn-north-1"), "prod", "unexpected hostname");
  });
});
