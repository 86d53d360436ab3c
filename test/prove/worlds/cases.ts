import type { ResourceQuestion } from "../../../lib/index.ts";
import { impersonationQuestion, serviceAccountOf, serviceAccountUsername } from "../../../lib/index.ts";
import type { Random } from "./random.ts";
import { privilegedValues, type Vocabulary } from "./vocabulary.ts";
import { apiGroups, type Manifest, resourceNames, resources, type Subject, verbs } from "./world.ts";

/** A user that the front proxy names. */
export interface Person {
  readonly name: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** A user, and the identity that the user names. */
export interface Pair {
  readonly requester: Person;
  readonly declared: string;
}

/** The extra key that says of a credential that it is less than its user. */
export const narrowingKey = "scopes.authorization.openshift.io";

const subjectsIn = ({ subjects = [], metadata: { namespace = "" } }: Manifest): readonly Subject[] =>
  subjects.map((subject) =>
    subject.kind === "ServiceAccount" ? { ...subject, namespace: subject.namespace ?? namespace } : subject,
  );

/** A header loses blanks at its edges, so these names cannot be sent. The anonymous user has groups of its own. */
const isSendable = (name: string): boolean => name !== "system:anonymous" && !/\t|^ | $/.test(name);

/** Somebody of that name, with the groups that the API server would give a service account, and some others. */
const person = (random: Random, words: Vocabulary, wanted: string, more: readonly string[] = []): Person => {
  const name = isSendable(wanted) ? wanted : `${words.prefix}-alice`;
  const account = serviceAccountOf(name);
  const own = account ? ["system:serviceaccounts", `system:serviceaccounts:${account.namespace}`] : [];
  return {
    name,
    groups: [
      ...(random.chance(0.9) ? own : []),
      // What the API server remembers of a requester for some seconds must not be taken for another world's.
      ...(name.includes(words.prefix) ? [] : [`${words.prefix}-team`]),
      ...random.some(words.groups, 0, 2),
      ...more,
      ...(random.chance(0.005) ? ["system:masters"] : []),
    ],
    extra: random.chance(0.05) ? { [narrowingKey]: ["user:info"] } : {},
  };
};

const anyPerson = (random: Random, words: Vocabulary): Person =>
  person(random, words, random.pick([...words.users, ...words.accountUsers, ...words.nearlyAccounts]));

/** Whom a binding means. */
const meant = (random: Random, words: Vocabulary, { kind, name, namespace = "" }: Subject): Person => {
  if (kind === "Group") return person(random, words, random.pick(words.users), [name]);
  return person(random, words, kind === "User" ? name : serviceAccountUsername({ namespace, name }));
};

const namesIn = ({ rules = [] }: Manifest): readonly string[] =>
  rules.flatMap((rule) => (rule as { readonly resourceNames?: readonly string[] }).resourceNames ?? []);

const declared = (random: Random, words: Vocabulary, requester: Person): string => {
  const kind = random.below(100);
  if (kind < 6) return requester.name;
  if (kind < 11) return random.pick(privilegedValues);
  if (kind < 16) return random.pick(words.unsafeUsers);
  if (kind < 46) return random.pick(words.accountUsers);
  if (kind < 58) return random.pick(words.nearlyAccounts);
  return random.pick(kind < 64 ? words.sharedUsers : words.users);
};

/** A name that a rule has, or the user of an account that it has, where that is written without its namespace. */
const identityOf = (random: Random, words: Vocabulary, name: string): string =>
  words.accounts.includes(name) ? serviceAccountUsername({ namespace: random.pick(words.namespaces), name }) : name;

export const pairsOf = (
  random: Random,
  words: Vocabulary,
  manifests: readonly Manifest[],
  count: number,
): readonly Pair[] => {
  const bindings = manifests.filter((manifest) => subjectsIn(manifest).length > 0);
  const roles = new Map(manifests.map((manifest) => [`${manifest.kind}/${manifest.metadata.name}`, manifest]));
  /** Somebody, and what a role bound to them has names for: half a chance of a yes. */
  const related = (): Pair | undefined => {
    const binding = random.pick(bindings);
    const role = roles.get(`${binding.roleRef?.kind}/${binding.roleRef?.name}`);
    const names = role ? namesIn(role).filter((name) => name !== "") : [];
    const requester = meant(random, words, random.pick(subjectsIn(binding)));
    return names.length > 0 ? { requester, declared: identityOf(random, words, random.pick(names)) } : undefined;
  };
  const anyhow = (): Pair => {
    const bound = bindings.length > 0 && random.chance(0.75);
    const requester = bound
      ? meant(random, words, random.pick(subjectsIn(random.pick(bindings))))
      : anyPerson(random, words);
    return { requester, declared: declared(random, words, requester) };
  };
  return Array.from(
    { length: count },
    () => (bindings.length > 0 && random.chance(0.4) ? related() : undefined) ?? anyhow(),
  );
};

/** Any question that a SubjectAccessReview can say, those that no one should ask too. */
const oddQuestion = (random: Random, words: Vocabulary, asked: ResourceQuestion): ResourceQuestion => {
  const subresource = random.pick(["", "", "scopes", "token", "*"]);
  const namespace = random.pick(["", ...words.namespaces, "default"]);
  return {
    ...asked,
    user: random.chance(0.1) ? "" : asked.user,
    groups: random.chance(0.5) ? random.some([...words.groups, "", ...words.systemGroups], 0, 3) : asked.groups,
    resourceAttributes: {
      verb: random.pick(verbs),
      group: random.pick(apiGroups),
      version: random.pick(["", "v1", "*", "nonsense"]),
      resource: random.pick(resources),
      ...(subresource ? { subresource } : {}),
      ...(namespace ? { namespace } : {}),
      name: random.pick(resourceNames(words)),
    },
  };
};

/** The API server's own question, and slips that would be easy to make. */
const slip = (random: Random, words: Vocabulary, asked: ResourceQuestion): ResourceQuestion => {
  const { resourceAttributes } = asked;
  const namespace = random.pick(words.namespaces);
  return {
    ...asked,
    resourceAttributes: random.pick([
      { ...resourceAttributes, namespace },
      { ...resourceAttributes, resource: "users" },
      { ...resourceAttributes, resource: "serviceaccounts" },
      { ...resourceAttributes, group: "authentication.k8s.io" },
      { ...resourceAttributes, name: "" },
      { ...resourceAttributes, name: "*" },
    ]),
  };
};

export const questionsOf = (
  random: Random,
  words: Vocabulary,
  manifests: readonly Manifest[],
  count: number,
): readonly ResourceQuestion[] =>
  pairsOf(random, words, manifests, count).map(({ requester: { name, groups, extra }, declared: asked }) => {
    const allGroups = random.chance(0.5) ? [...groups, "system:authenticated"] : groups;
    const question = impersonationQuestion({ username: name, groups: allGroups, extra }, asked);
    const kind = random.below(10);
    if (kind < 5) return question;
    return kind < 7 ? slip(random, words, question) : oddQuestion(random, words, question);
  });
