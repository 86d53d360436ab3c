import { readUserInfo, serviceAccountOf, type UserInfo } from "../../lib/identity/index.ts";
import { isProblem } from "../../lib/meta/index.ts";
import { isObject } from "../../lib/meta/json.ts";
import { UsageError } from "../command-line/usage.ts";
import type { Manager } from "./managers.ts";

/** The writers to judge objects by, because the cluster does not say who wrote them. */
export interface Writers {
  /** Judged with every object. */
  readonly everywhere: readonly UserInfo[];
  /** Judged with the objects that a field manager of this name had a hand in; undefined where no file was given. */
  readonly byManager: ReadonlyMap<string, UserInfo> | undefined;
}

/** Groups that the API server gives to a user without being told. */
const withImpliedGroups = (user: UserInfo): UserInfo => {
  const account = serviceAccountOf(user.username);
  const implied = [
    ...(account ? ["system:serviceaccounts", `system:serviceaccounts:${account.namespace}`] : []),
    user.username === "system:anonymous" ? "system:unauthenticated" : "system:authenticated",
  ];
  return { ...user, groups: [...new Set([...user.groups, ...implied])] };
};

/** Reads `--as-writer USERNAME[,GROUP...]`. */
export function parseWriter(text: string): UserInfo {
  const [username = "", ...groups] = text.split(",");
  if (username === "" || groups.includes(""))
    throw new UsageError(`--as-writer ${text} is not USERNAME or USERNAME,GROUP,...`);
  return withImpliedGroups({ username, groups, extra: {} });
}

const members = ["username", "uid", "groups", "extra"];

/** Reads what a `--writers` file holds: from a field manager's name to a username, or to a user with groups, uid and extra. */
export function readWriterFile(file: string, content: unknown): ReadonlyMap<string, UserInfo> {
  if (!isObject(content))
    throw new UsageError(`${file} must hold a mapping: the name of a field manager, then a username`);
  return new Map(
    Object.entries(content).map(([manager, given]) => {
      const at = `${file}: ${JSON.stringify(manager)}`;
      const user = isObject(given) ? given : { username: given };
      const unknown = Object.keys(user).find((key) => !members.includes(key));
      if (unknown) throw new UsageError(`${at}: ${unknown} is unknown; there are ${members.join(", ")}`);
      const read = readUserInfo(user);
      if (isProblem(read)) throw new UsageError(`${at}: ${read.problem.replace("request.userInfo", "its user")}`);
      return [manager, withImpliedGroups(read)];
    }),
  );
}

/** The writers to judge an object by, from its field managers, and the managers that stand for no writer. */
export function writersOf(
  { everywhere, byManager }: Writers,
  managers: readonly Manager[],
): { readonly users: readonly UserInfo[]; readonly unknown: readonly string[] } {
  const names = [...new Set(managers.map(({ manager }) => manager))];
  const mapped = names.flatMap((name) => byManager?.get(name) ?? []);
  return {
    users: [...new Set([...everywhere, ...mapped])],
    unknown: byManager ? names.filter((name) => !byManager.has(name)) : [],
  };
}
