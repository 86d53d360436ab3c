import { describe, expect, test } from "vitest";
import { endpointOf } from "../../../../functions/aws/endpoint.ts";
import { readSettings } from "../../../../functions/settings.ts";

const of = (environment: NodeJS.ProcessEnv, region = "eu-west-1") =>
  endpointOf(readSettings(environment).aws, "secretsmanager", region).href;

describe("a service is called", () => {
  test("at its regional host", () => {
    expect(of({})).toBe("https://secretsmanager.eu-west-1.amazonaws.com/");
    expect(of({}, "cn-northwest-1")).toBe("https://secretsmanager.cn-northwest-1.amazonaws.com.cn/");
  });

  test("at AWS_ENDPOINT_URL, unless the service has its own", () => {
    const all = { AWS_ENDPOINT_URL: "https://aws.example.com/x" };
    expect(of(all)).toBe("https://aws.example.com/x");
    expect(of({ ...all, AWS_ENDPOINT_URL_SECRETS_MANAGER: "https://sm.example.com" })).toBe("https://sm.example.com/");
    expect(of({ ...all, AWS_ENDPOINT_URL_SSM: "https://ssm.example.com" })).toBe("https://aws.example.com/x");
  });

  test.each(["http://localhost:4566", "http://127.0.0.1:5000", "http://[::1]:5000"])("at the loopback %s", (url) => {
    expect(of({ AWS_ENDPOINT_URL: url })).toBe(`${url}/`);
  });

  test.each([
    ["http://aws.example.com", "AWS_ENDPOINT_URL_SECRETS_MANAGER must start with https:// unless it is a loopback"],
    ["http://127.0.0.1.example.com", "must start with https://"],
    ["http://localhost.example.com", "must start with https://"],
    ["ftp://localhost", "must start with https://"],
    ["aws.example.com", "is not a URL"],
    ["https://user:pass@aws.example.com", "may hold a host, a port and a path only"],
    ["https://aws.example.com/?x=1", "may hold a host, a port and a path only"],
  ])("%s is refused", (url, message) => {
    expect(() => of({ AWS_ENDPOINT_URL_SECRETS_MANAGER: url })).toThrow(message);
  });
});
