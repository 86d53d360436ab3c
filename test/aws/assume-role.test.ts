import { afterAll, beforeAll, expect, test } from "vitest";
import { awsCaller } from "../../functions/aws/aws-caller.ts";
import { eksTokens, type MintToken } from "../../functions/aws/eks-token.ts";
import { account, type Moto, startMoto } from "./parts/moto.ts";
import { settingsOf } from "./parts/settings.ts";

let moto: Moto;
let mint: MintToken;

beforeAll(async () => {
  moto = await startMoto();
  const own = await moto.role("function", [{ Action: "sts:AssumeRole", Resource: `arn:aws:iam::${account}:role/*` }]);
  const credentials = await moto.session(own);
  await moto.role("cluster-reader", [], `arn:aws:sts::${account}:assumed-role/function/function`);
  await moto.role("closed", [], `arn:aws:iam::${account}:root`);
  const settings = settingsOf(credentials, { AWS_ENDPOINT_URL_STS: moto.url });
  mint = eksTokens(settings, awsCaller(settings));
});
afterAll(() => moto?.stop());

const roleArn = (name: string) => `arn:aws:iam::${account}:role/${name}`;

test("a token of a role that trusts the function's", async () => {
  const token = await mint({ cluster: "prod", role: roleArn("cluster-reader") });
  const { searchParams } = new URL(Buffer.from(token.slice("k8s-aws-v1.".length), "base64url").toString());
  const [key = ""] = searchParams.get("X-Amz-Credential")?.split("/") ?? [];
  const response = await fetch(`${moto.url}/moto-api/data.json`);
  const { sts } = (await response.json()) as {
    sts: { AssumedRole: { access_key_id: string; role_arn: string; session_name: string }[] };
  };
  const assumed = sts.AssumedRole.find(({ access_key_id }) => access_key_id === key);
  expect(assumed).toMatchObject({ role_arn: roleArn("cluster-reader"), session_name: "EKSGetTokenAuth" });
});

test("a role that does not trust it", async () => {
  await expect(mint({ cluster: "prod", role: roleArn("closed") })).rejects.toThrow(
    /STS in eu-west-1 answered 403 \(AccessDenied\w*\); allow the function's role sts:AssumeRole of arn:aws:iam::123456789012:role\/closed, and let that role trust it/,
  );
});
