import type { Permission } from "../policy/policy.ts";
import { celString, isServiceAccount } from "./cel.ts";
import type { Variable } from "./gather-questions.ts";
import type { QuestionKind } from "./items-in-cel.ts";

/*
 * A CEL expression may ask an authorizer twice (each check costs 350,000 of 1,000,000), but each variable is an expression of its own. So
 * each distinct question has a variable `question` and a variable `may`. All of them together have a budget of 10,000,000.
 */

/** The most questions that an admission policy asks. */
export const mostQuestions = 26;

/** The names of the variables of the question with this number. */
const nameOf = (index: number) => ({ question: `question${index}`, rest: `rest${index}`, may: `may${index}` });

/**
 * Variables that take this many distinct questions out of a text with items. A text with a fault has none.
 *
 * @param text the name of the variable with the items
 */
export function distinctQuestions(text: string, count: number): readonly Variable[] {
  const items = `variables.${text}`;
  // No tag and no other item has a tab.
  const onlyQuestions = `${items}.findAll('\\n.*\\t.*\\n').join('')`;
  const first = { name: "rest0", expression: `${items}.contains('\\n!') ? '' : ${onlyQuestions}` };
  return [
    first,
    ...Array.from({ length: count }, (_, index) => index).flatMap((index) => {
      const { question, rest } = nameOf(index);
      return [
        { name: question, expression: `variables.${rest} == '' ? '' : variables.${rest}.split('\\n', 3)[1]` },
        {
          name: nameOf(index + 1).rest,
          expression: `variables.${question} == '' ? '' : variables.${rest}.replace('\\n' + variables.${question} + '\\n', '')`,
        },
      ];
    }),
  ];
}

/** Variables that hold the API server's answers to those questions. */
export function answers(asking: Asking, count: number): readonly Variable[] {
  return Array.from({ length: count }, (_, index) => {
    const { question, may } = nameOf(index);
    const asked = `variables.${question}`;
    return { name: may, expression: `${asked} == '' || ${isAllowed(asked, asking)}` };
  });
}

/** The kinds of questions that may be asked, and the permissions that some of them are about. */
export interface Asking {
  readonly kinds: readonly QuestionKind[];
  readonly permissions: readonly Permission[];
}

/** CEL that asks the API server's authorizer one question. */
export function isAllowed(question: string, { kinds, permissions }: Asking): string {
  const check = (verb: string): string => `.check(${celString(verb)}).allowed()`;
  const accounts = "authorizer.group('').resource('serviceaccounts')";
  const named = (resource: string): string =>
    `authorizer.group('').resource('${resource}').name(p[1])${check("impersonate")}`;
  const account = `${accounts}.namespace(p[1].split(':')[2]).name(p[1].split(':')[3])${check("impersonate")}`;
  const checks: Readonly<Record<string, string>> = {
    username: `(${isServiceAccount("p[1]")} ? ${account} : ${named("users")})`,
    account,
    group: named("groups"),
    any: `${accounts}.namespace(variables.ownNamespace)${check("impersonate")}`,
  };
  const byKind = (kind: QuestionKind): string => {
    const permission = permissions.find((_, index) => kind === `permission${index}`);
    if (permission === undefined) return checks[kind] as string;
    const { verb, group, resource } = permission;
    return `authorizer.group(${celString(group)}).resource(${celString(resource)}).namespace(variables.ownNamespace).name(p[1])${check(verb)}`;
  };
  return `[${question}.split('\\t')].all(p, ${chosen(kinds, byKind)})`;
}

/** CEL that says what a question asks for, as the end of "alice may not ...". */
export function saidOf(question: string, { kinds, permissions }: Asking): string {
  const texts: Readonly<Record<string, string>> = {
    username: `'impersonate "' + p[1] + '"'`,
    account: `'impersonate "' + p[1] + '"'`,
    group: `'impersonate the group "' + p[1] + '"'`,
    any: "'impersonate every service account' + (variables.ownNamespace == '' ? '' : ' in namespace ' + variables.ownNamespace)",
  };
  const byKind = (kind: QuestionKind): string => {
    const permission = permissions.find((_, index) => kind === `permission${index}`);
    if (permission === undefined) return texts[kind] as string;
    const { verb, group, resource } = permission;
    return `${celString(`${verb} ${resource}${group && `.${group}`} "`)} + p[1] + '"'`;
  };
  return `[${question}.split('\\t')].map(p, ${chosen(kinds, byKind)})[0]`;
}

/** An expression for each kind of question `p`, a list of the kind and the name. */
const chosen = (kinds: readonly QuestionKind[], expression: (kind: QuestionKind) => string): string => {
  const texts = kinds.map(expression);
  return kinds
    .map((kind, index) => (index < kinds.length - 1 ? `p[0] == '${kind}' ? ${texts[index]} : ` : texts[index]))
    .join("");
};

/** Requests with more questions than these are refused. */
export function restAfter(count: number): string {
  return `variables.${nameOf(count).rest}`;
}

/** The names of the variables with the questions, and of those with the answers, in their order. */
export function askedVariables(count: number): readonly { readonly question: string; readonly may: string }[] {
  return Array.from({ length: count }, (_, index) => {
    const { question, may } = nameOf(index);
    return { question: `variables.${question}`, may: `variables.${may}` };
  });
}
