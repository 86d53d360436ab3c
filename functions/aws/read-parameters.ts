import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import type { AwsCall } from "./aws-caller.ts";
import { AwsFailure } from "./aws-failure.ts";
import { jsonAction } from "./json-action.ts";

/** A parameter of the Parameter Store, decrypted. */
export interface Parameter {
  readonly name: string;
  readonly value: string;
}

const hints = {
  AccessDenied:
    "allow the function's role ssm:GetParametersByPath of this path, and kms:Decrypt of the parameters' key",
  InvalidKeyId: "the key of a parameter is gone, or is disabled",
};

/** The most parameters that one page may hold. */
const pageSize = 10;
/** 1,000 parameters. A service that always announces one more page is broken. */
const mostPages = 100;

const parametersOf = ({ Parameters: all }: JsonObject): readonly Parameter[] => {
  if (!Array.isArray(all)) throw new AwsFailure("GetParametersByPath answered without Parameters");
  return all.filter(isObject).map(({ Name, Value }) => ({ name: String(Name), value: String(Value) }));
};

/**
 * Every parameter below a path, in the order of their names
 * (https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html). A page may be empty and have a next one.
 */
export async function readParameters(call: AwsCall, path: string, deadline: number): Promise<readonly Parameter[]> {
  const input = { Path: path, Recursive: true, WithDecryption: true, MaxResults: pageSize };
  const request = { service: "ssm", hints, deadline } as const;
  const found: Parameter[] = [];
  for (let page = 1, token: unknown; page <= mostPages; page += 1) {
    const next = token === undefined ? {} : { NextToken: token };
    const output = await jsonAction(call, "AmazonSSM.GetParametersByPath", { ...input, ...next }, request);
    found.push(...parametersOf(output));
    token = output["NextToken"];
    if (typeof token !== "string" || token === "") {
      if (found.length === 0) throw new AwsFailure(`there are no parameters below ${path}`);
      return found.sort((one, other) => (one.name < other.name ? -1 : 1));
    }
  }
  throw new AwsFailure(`there are more than ${mostPages * pageSize} parameters below ${path}`);
}
