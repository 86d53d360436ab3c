import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { AwsCall } from "../aws/aws-caller.ts";
import { AwsFailure } from "../aws/aws-failure.ts";
import { readParameters } from "../aws/read-parameters.ts";
import { readSecret } from "../aws/read-secret.ts";
import { textOf } from "../yaml/documents.ts";

/** One kubeconfig of a registry. */
export interface RegistryDocument {
  readonly text: string;
  /** The folder that its relative paths start from. */
  readonly directory: string;
  /** Its source, for messages. */
  readonly origin: string;
}

/** Reads the registry as it is now; `deadline` is in milliseconds since the epoch. Throws an Error whose message is a sentence. */
export type LoadRegistry = (deadline: number) => Promise<readonly RegistryDocument[]>;

const forms = "a file, file:PATH, secretsmanager:NAME-OR-ARN or ssm:/PATH";

/** A secret or a parameter has no folder: its relative paths start from the function's. */
const directory = ".";

const bytesOf = (path: string, origin: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`${origin} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
};

const decoded = (bytes: Uint8Array, origin: string): string => {
  try {
    return textOf(bytes);
  } catch (error) {
    throw new Error(`${origin} ${(error as Error).message}`);
  }
};

/** Reads without a pause, so that all of it is part of the function's init. */
const fromFile =
  (path: string, what: string): LoadRegistry =>
  async () => {
    // A kubeconfig or a secret may stand in place of a path, and must not be shown.
    const origin = /^\.{0,2}\/[\w/.~ -]{1,255}$/.test(path) ? `${what} ${path}` : `${what}'s file`;
    return [{ text: decoded(bytesOf(path, origin), origin), directory: dirname(path), origin }];
  };

/** Adds the setting's name, which AWS errors lack. */
const naming =
  (setting: string, what: string, load: LoadRegistry): LoadRegistry =>
  async (deadline) => {
    try {
      return await load(deadline);
    } catch (error) {
      throw error instanceof AwsFailure ? new Error(`${what} ${setting} cannot be read: ${error.message}`) : error;
    }
  };

const fromSecret =
  (call: AwsCall, name: string, what: string): LoadRegistry =>
  async (deadline) => [
    { text: await readSecret(call, name, deadline), directory, origin: `${what} secretsmanager:${name}` },
  ];

const fromParameters =
  (call: AwsCall, path: string): LoadRegistry =>
  async (deadline) => {
    const parameters = await readParameters(call, path, deadline);
    return parameters.map(({ name, value }) => ({ text: value, directory, origin: `parameter ${name}` }));
  };

/**
 * The source of the registry: a file; a secret of Secrets Manager (64 KB); or every parameter below a path of the Parameter Store, each a
 * kubeconfig of its own (4 KB), so that clusters are added and removed one by one. Throws for anything else.
 *
 * @param variable the environment variable that holds the setting, for messages
 * @param what is read there, for messages
 * @example const load = registrySource("ssm:/admission/clusters", awsCaller(settings.aws), "REGISTRY");
 */
export function registrySource(setting: string, call: AwsCall, variable: string, what = "the registry"): LoadRegistry {
  const [, scheme = "file", rest = ""] = /^(?:([a-z][a-z0-9+.-]+):)?(.*)$/is.exec(setting) ?? [];
  if (scheme === "file" && rest !== "") return fromFile(rest, what);
  if (scheme === "secretsmanager" && /^[\w/+=.@:-]{1,2048}$/.test(rest))
    return naming(setting, what, fromSecret(call, rest, what));
  // A lone slash would mean every parameter of the account.
  if (scheme === "ssm" && /^(\/[\w.-]+)+\/?$/.test(rest))
    return naming(setting, what, fromParameters(call, rest.replace(/\/$/, "")));
  throw new Error(`${variable} is not valid; it must be ${forms}`);
}
