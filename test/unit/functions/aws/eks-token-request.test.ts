import { describe, expect, test } from "vitest";
import { eksTokenRequestOf } from "../../../../functions/aws/eks-token-request.ts";

interface Variable {
  readonly name: string;
  readonly value: string;
}

const requestOf = (command: string, args: readonly string[], env: readonly Variable[] = []) =>
  eksTokenRequestOf({ command, args, env }, (field, why) => {
    throw new Error(`user.${field} ${why}`);
  });

const role = "arn:aws:iam::123456789012:role/path/guard";
const words = (text: string) => text.split(" ");

describe("every spelling that kubeconfigs have is read", () => {
  test.each([
    ["aws eks update-kubeconfig", "aws", "--region eu-west-1 eks get-token --cluster-name prod --output json", {}],
    ["its form of 2018", "aws", "--region eu-west-1 eks get-token --cluster-name prod", {}],
    [
      "aws eks update-kubeconfig --role-arn",
      "aws",
      `--region eu-west-1 eks get-token --cluster-name prod --output json --role ${role}`,
      { role },
    ],
    [
      "for a local cluster on an Outpost",
      "aws",
      "--region eu-west-1 eks get-token --cluster-id prod --output json",
      {},
    ],
    ["eksctl", "aws", "eks get-token --output json --cluster-name prod --region eu-west-1", {}],
    [
      "eksctl --authenticator-role-arn",
      "aws",
      `eks get-token --output json --cluster-name prod --region eu-west-1 --role-arn ${role}`,
      { role },
    ],
    ["values attached", "/usr/local/bin/aws", "eks get-token --cluster-name=prod --region=eu-west-1", {}],
    ["on Windows", "C:\\Program Files\\Amazon\\aws.exe", "eks get-token --cluster-name prod --region eu-west-1", {}],
    [
      "a session name",
      "aws",
      `eks get-token --cluster-name prod --region eu-west-1 --role-arn ${role} --session-name guard`,
      { role, sessionName: "guard" },
    ],
    ["aws-iam-authenticator", "aws-iam-authenticator", "token -i prod --region eu-west-1", {}],
    ["with a role", "aws-iam-authenticator", `token -i prod -r ${role} --region eu-west-1`, { role }],
    [
      "everything in full",
      "aws-iam-authenticator",
      `token --cluster-id=prod --role=${role} --external-id=ext --session-name=guard --region=eu-west-1`,
      { role, externalId: "ext", sessionName: "guard" },
    ],
    ["as pflag allows", "aws-iam-authenticator", `token -iprod -r=${role} --region eu-west-1`, { role }],
    ["its first name", "heptio-authenticator-aws", "token -i prod --region eu-west-1", {}],
  ])("%s", (_, command, args, more) => {
    expect(requestOf(command, words(args))).toEqual({ cluster: "prod", region: "eu-west-1", ...more });
  });

  test("no region: the function's own", () => {
    expect(requestOf("aws", words("eks get-token --cluster-name prod"))).toEqual({ cluster: "prod" });
  });

  test("eksctl's variables for aws-iam-authenticator", () => {
    const env = [
      { name: "AWS_STS_REGIONAL_ENDPOINTS", value: "regional" },
      { name: "AWS_DEFAULT_REGION", value: "us-east-2" },
    ];
    const request = requestOf("aws-iam-authenticator", ["token", "-i", "prod"], env);
    expect(request).toEqual({ cluster: "prod", region: "us-east-2" });
  });

  test("an argument wins over a variable, and AWS_REGION over AWS_DEFAULT_REGION", () => {
    const env = [
      { name: "AWS_DEFAULT_REGION", value: "us-east-2" },
      { name: "AWS_REGION", value: "us-west-1" },
    ];
    expect(requestOf("aws", words("eks get-token --cluster-name a"), env)).toMatchObject({ region: "us-west-1" });
    expect(requestOf("aws", words("eks get-token --cluster-name a --region eu-west-1"), env)).toMatchObject({
      region: "eu-west-1",
    });
  });
});

describe("any other plugin is left alone", () => {
  test.each([
    ["gke-gcloud-auth-plugin", ""],
    ["aws", "sso login"],
    ["aws", "eks describe-cluster --name prod"],
    ["aws-iam-authenticator", "version"],
    ["my-aws", "eks get-token --cluster-name prod"],
    ["aws.sh", "eks get-token --cluster-name prod"],
  ])("%s %s", (command, args) => {
    expect(requestOf(command, words(args))).toBeUndefined();
  });
});

describe("an option or a variable that would make another token is refused, with its field", () => {
  test.each([
    ["--profile admin eks get-token --cluster-name a", "user.exec.args holds --profile, which is not supported"],
    ["eks get-token --cluster-name a --endpoint-url https://x", "holds --endpoint-url"],
    ["eks get-token --cluster-name a --no-sign-request", "holds --no-sign-request"],
    ["eks get-token --cluster-name", "holds --cluster-name without a value"],
    ["eks get-token", "user.exec.args must name a cluster"],
    ["eks get-token --cluster-name a --cluster-id b", "sets the value of --cluster-id twice"],
    ["eks get-token --cluster-name ü", "holds --cluster-name with an invalid value"],
    ["eks get-token --cluster-name a --region eu-west-1.example.com/", "holds --region with an invalid value"],
    ["eks get-token --cluster-name a --role-arn guard", "holds --role-arn with an invalid value"],
    ["eks get-token now --cluster-name a", "has arguments other than eks get-token"],
  ])("%s", (args, message) => {
    expect(() => requestOf("aws", words(args))).toThrow(message);
  });

  test("--forward-session-name and --token-only of aws-iam-authenticator", () => {
    for (const flag of ["--forward-session-name", "--token-only", "--cache"])
      expect(() => requestOf("aws-iam-authenticator", ["token", "-i", "a", flag])).toThrow(`holds ${flag}`);
  });

  test.each([
    ["AWS_PROFILE", "user.exec.env AWS_PROFILE is refused: the function has no profiles"],
    ["AWS_ACCESS_KEY_ID", "user.exec.env AWS_ACCESS_KEY_ID is not supported"],
    ["HTTPS_PROXY", "user.exec.env HTTPS_PROXY is not supported"],
  ])("%s", (name, message) => {
    const env = [{ name, value: "s3cret" }];
    expect(() => requestOf("aws", words("eks get-token --cluster-name a --region eu-west-1"), env)).toThrow(message);
    expect(() => requestOf("aws", words("eks get-token --cluster-name a"), env)).not.toThrow("s3cret");
  });
});
