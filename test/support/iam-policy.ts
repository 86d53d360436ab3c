import { readFileSync } from "node:fs";

/** A statement of an IAM policy. */
interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

export interface IamPolicy {
  readonly Version: string;
  readonly Statement: readonly Statement[];
}

/** The permissions that docs/operations.md gives to deployers. */
export const deployerPolicy: IamPolicy = JSON.parse(
  readFileSync(new URL("../../infra/cloud/deployer-policy.json", import.meta.url), "utf8"),
);

const listed = (value: string | readonly string[]): readonly string[] => (typeof value === "string" ? [value] : value);

/** IAM's wildcards: `*` is any text, `?` one character. */
const matches = (pattern: string, text: string, flags = ""): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".")}$`,
    flags,
  ).test(text);

/** Whether a policy without denials allows an action, on a resource or at all. The case of actions and the conditions are ignored. */
export const allows = ({ Statement: statements }: IamPolicy, action: string, resource?: string): boolean =>
  statements.some(
    ({ Effect, Action, Resource }) =>
      Effect === "Allow" &&
      listed(Action).some((pattern) => matches(pattern, action, "i")) &&
      (resource === undefined || listed(Resource).some((pattern) => matches(pattern, resource))),
  );
