import { isRegion } from "./endpoint.ts";

/** The cluster that a token is for (its id, on an Outpost), and the role that the token belongs to. */
export interface EksTokenRequest {
  readonly cluster: string;
  /** The region whose STS the token names. Absent: the function's own. */
  readonly region?: string;
  /** The ARN of a role to assume first. Absent: the function's own role. */
  readonly role?: string;
  readonly sessionName?: string;
  readonly externalId?: string;
}

/** The parts of an exec plugin that decide which token it prints. */
interface Exec {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
}

/** Throws. `field` is the member of the kubeconfig's user that a person has to change. */
type Refuse = (field: string, why: string) => never;

interface Program {
  readonly command: RegExp;
  /** Its arguments that are not options. */
  readonly verbs: readonly string[];
  /** Each takes a value. null: the option changes only the format of the output. */
  readonly options: Readonly<Record<string, keyof EksTokenRequest | null>>;
}

const programs: readonly Program[] = [
  {
    // aws/aws-cli awscli/customizations/eks/get_token.py; update_kubeconfig.py writes `--role`, which argparse takes for `--role-arn`.
    command: /(^|[\\/])aws(\.exe)?$/,
    verbs: ["eks", "get-token"],
    options: {
      "--cluster-name": "cluster",
      "--cluster-id": "cluster",
      "--region": "region",
      "--role-arn": "role",
      "--role": "role",
      "--session-name": "sessionName",
      "--output": null,
    },
  },
  {
    // sigs.k8s.io/aws-iam-authenticator cmd/aws-iam-authenticator/token.go and root.go; eksctl also writes its name of 2018.
    command: /(^|[\\/])(aws-iam-authenticator|heptio-authenticator-aws)(\.exe)?$/,
    verbs: ["token"],
    options: {
      "--cluster-id": "cluster",
      "-i": "cluster",
      "--region": "region",
      "--role": "role",
      "-r": "role",
      "--session-name": "sessionName",
      "-s": "sessionName",
      "--external-id": "externalId",
      "-e": "externalId",
    },
  },
];

/** Environment variables that such a command may have. A regional STS is used in any case. */
const regionVariables = ["AWS_REGION", "AWS_DEFAULT_REGION"];
const harmless = ["AWS_STS_REGIONAL_ENDPOINTS", ...regionVariables];

const matches =
  (form: RegExp) =>
  (value: string): boolean =>
    form.test(value);

const forms: Readonly<Record<keyof EksTokenRequest, (value: string) => boolean>> = {
  cluster: matches(/^[\x21-\x7e]{1,128}$/),
  region: isRegion,
  role: matches(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/),
  sessionName: matches(/^[\w+=,.@-]{2,64}$/),
  externalId: matches(/^[\w+=,.@:/-]{2,1224}$/),
};

/** An option, and its value where that is attached: `--role R`, `--role=R`, and as pflag has it `-rR`. */
const option = /^(--[\w-]+|-\w)(?:=?(.+))?$/s;

/** The name of an unknown option, unless it could be a misplaced secret. */
const shown = (name: string): string => (/^--[a-z]{1,12}(-[a-z]{1,12}){0,3}$/.test(name) ? name : "an option");

const readArguments = ({ verbs, options }: Program, args: readonly string[], refuse: Refuse) => {
  const found: { -readonly [name in keyof EksTokenRequest]?: string } = {};
  const words: string[] = [];
  for (const rest = [...args]; rest.length > 0; ) {
    const argument = rest.shift() ?? "";
    const [, name, attached] = option.exec(argument) ?? [];
    if (name === undefined) {
      words.push(argument);
      continue;
    }
    const meaning = Object.hasOwn(options, name) ? options[name] : undefined;
    if (meaning === undefined)
      return refuse("exec.args", `holds ${shown(name)}, which is not supported where the function mints the token`);
    const value = attached ?? rest.shift() ?? refuse("exec.args", `holds ${name} without a value`);
    if (meaning === null) continue;
    if (found[meaning] !== undefined) return refuse("exec.args", `sets the value of ${name} twice`);
    if (!forms[meaning](value)) return refuse("exec.args", `holds ${name} with an invalid value`);
    found[meaning] = value;
  }
  if (words.join(" ") !== verbs.join(" "))
    return refuse("exec.args", `has arguments other than ${verbs.join(" ")} and options`);
  return found;
};

const readRegion = (variables: Exec["env"], refuse: Refuse): string | undefined => {
  for (const { name } of variables) {
    if (name === "AWS_PROFILE")
      refuse("exec.env AWS_PROFILE", "is refused: the function has no profiles, and mints tokens from its own role");
    if (!harmless.includes(name))
      refuse(
        /^[A-Z]{2,12}(_[A-Z]{1,12}){1,5}$/.test(name) ? `exec.env ${name}` : "exec.env",
        "is not supported where the function mints the token",
      );
  }
  const values = regionVariables.map((wanted) => variables.find(({ name }) => name === wanted)?.value);
  const region = values.find((value) => value !== undefined);
  if (region === undefined) return undefined;
  return isRegion(region) ? region : refuse("exec.env", "holds an invalid region");
};

/**
 * Reads which EKS token an exec plugin prints, in every spelling that `aws eks update-kubeconfig` and eksctl write; undefined for any other
 * plugin. Refuses options that would make the plugin print another token than the one that is minted here.
 */
export function eksTokenRequestOf({ command, args, env }: Exec, refuse: Refuse): EksTokenRequest | undefined {
  const program = programs.find((each) => each.command.test(command));
  if (!program || !` ${args.join(" ")} `.includes(` ${program.verbs.join(" ")} `)) return undefined;
  const inherited = readRegion(env, refuse);
  const { cluster, region = inherited, ...rest } = readArguments(program, args, refuse);
  if (cluster === undefined) return refuse("exec.args", "must name a cluster");
  return { cluster, ...(region ? { region } : {}), ...rest };
}
