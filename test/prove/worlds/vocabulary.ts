/** The names that a world is made of. Few, so that rules, subjects, pairs and questions meet often. */
export interface Vocabulary {
  /** Stands in almost every name; no other world has it. */
  readonly prefix: string;
  readonly namespaces: readonly string[];
  /** Names of service accounts, without their namespace. */
  readonly accounts: readonly string[];
  /** Usernames that parse as a service account's. */
  readonly accountUsers: readonly string[];
  /** Usernames that almost do. */
  readonly nearlyAccounts: readonly string[];
  /** Ordinary users. */
  readonly users: readonly string[];
  /** Users that have the same name in every world. */
  readonly sharedUsers: readonly string[];
  /** What no header can be trusted with: beyond ASCII, or spaces at the edges. */
  readonly unsafeUsers: readonly string[];
  readonly groups: readonly string[];
  /** Groups that the API server adds or knows by itself. */
  readonly systemGroups: readonly string[];
}

/** What Razee's controllers take for themselves. */
export const privilegedValues = ["razeedeploy", "false"] as const;

/** The longest name that is a subdomain, and one longer. */
const ofLength = (start: string, length: number): string => start.padEnd(length, "x");

export const vocabularyOf = (prefix: string): Vocabulary => {
  const namespaces = [`${prefix}-a`, `${prefix}-b`, ofLength(`${prefix}-`, 63)];
  const accounts = ["builder", "deployer", "s1.sub.domain", `0-${prefix}`, ofLength("long-", 253)];
  const of = (namespace: string, account: string): string => `system:serviceaccount:${namespace}:${account}`;
  const [first = ""] = namespaces;
  return {
    prefix,
    namespaces,
    accounts,
    accountUsers: [
      ...namespaces.flatMap((namespace) => accounts.slice(0, 3).map((account) => of(namespace, account))),
      ...accounts.slice(3).map((account) => of(first, account)),
    ],
    nearlyAccounts: [
      `system:serviceaccount:${first}`,
      of(first, ""),
      of("", "builder"),
      of(first, "builder:more"),
      of(first, "Builder"),
      of(first, "-builder"),
      of(first, "build_er"),
      of(first, "sub..domain"),
      of(first, "builder."),
      of(first, ofLength("long-", 254)),
      of(`${prefix}.a`, "builder"),
      of(`A_${prefix}`, "builder"),
      of(ofLength(`${prefix}-`, 64), "builder"),
      `System:serviceaccount:${first}:builder`,
      `system:serviceaccounts:${first}`,
    ],
    users: [
      `${prefix}-alice`,
      `${prefix}-bob`,
      `${prefix}-Bob`,
      `${prefix}.carl@example.com`,
      `oidc:${prefix}#dora`,
      `CN=${prefix},O=acme`,
      `${prefix} eve`,
      `${prefix}-"finn"`,
      `${prefix}\\gina`,
      `${prefix}-*`,
      `${prefix}/hana`,
      `${prefix}%2Fivan`,
      `<${prefix}>&'`,
      `system:node:${prefix}-1`,
      `system:node:${prefix}_1`,
      `system:${prefix}`,
    ],
    sharedUsers: [
      "*",
      "builder",
      "system:admin",
      "system:masters",
      "system:anonymous",
      "system:kube-controller-manager",
    ],
    unsafeUsers: [
      `${prefix}-zo\u00eb`,
      `${prefix}-\u5c71`,
      `${prefix}-bob\u202e`,
      `${prefix}-bob `,
      ` ${prefix}-bob`,
      `${prefix}-alice\t`,
      `${prefix}\tbob`,
    ],
    groups: [
      `${prefix}-team`,
      `${prefix}:ops`,
      `${prefix}/Team, with "more"`,
      `${prefix}-\u00e9quipe`,
      `${prefix}-alice`,
    ],
    systemGroups: [
      "system:authenticated",
      "system:serviceaccounts",
      ...namespaces.map((namespace) => `system:serviceaccounts:${namespace}`),
      "system:unauthenticated",
      "system:masters",
    ],
  };
};
