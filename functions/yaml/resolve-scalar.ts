/** A scalar as it stands in a document: its text, its tag (`!!int`, `""` where it has none), and whether it has no quotes. */
export interface Scalar {
  readonly text: string;
  readonly tag: string;
  readonly plain: boolean;
}

/** A scalar without a JSON value; the message says why. */
export class UnresolvedScalar extends Error {
  override name = "UnresolvedScalar";
}

const cases = (...words: readonly string[]) =>
  words.flatMap((word) => [word, word.charAt(0).toUpperCase() + word.slice(1), word.toUpperCase()]);

const words = new Map<string, boolean | null>([
  ...cases("y", "yes", "true", "on").map((word) => [word, true] as const),
  ...cases("n", "no", "false", "off").map((word) => [word, false] as const),
  ...["", "~", ...cases("null")].map((word) => [word, null] as const),
]);

const infinite = /^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/;
/** As Go reads an integer of any base (`strconv.ParseInt(text, 0, 64)`): a leading zero means octal. */
const integer = /^[-+]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9]\d*)$/;
const float = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;
/** The range of Go's int64 and uint64. */
const least = -(2n ** 63n);
const most = 2n ** 64n;

const integerOf = (text: string): number | undefined => {
  if (!integer.test(text)) return undefined;
  const digits = text.replace(/^[-+]/, "").replace(/^0(?=[0-7])/, "0o");
  const value = text.startsWith("-") ? -BigInt(digits) : BigInt(digits);
  return value >= least && value < most ? Number(value) : undefined;
};

type Kind = "!!str" | "!!bool" | "!!null" | "!!int" | "!!float";

const guess = (text: string): readonly [Kind, unknown] => {
  const word = words.get(text);
  if (word !== undefined) return [word === null ? "!!null" : "!!bool", word];
  if (infinite.test(text)) throw new UnresolvedScalar("a number that is not finite");
  const plain = /^[-+.\d]/.test(text) ? text.replaceAll("_", "") : "";
  const whole = integerOf(plain);
  if (whole !== undefined) return ["!!int", whole];
  return float.test(plain) && Number.isFinite(Number(plain)) ? ["!!float", Number(plain)] : ["!!str", text];
};

const kinds = ["!!bool", "!!null", "!!int", "!!float"];

const base64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * The JSON value of a scalar as kubectl reads it (go.yaml.in/yaml/v2 resolve.go: YAML 1.1 without numbers of base 60 and without times).
 * Throws an `UnresolvedScalar` where the tag does not fit the text, and for a value that JSON cannot hold.
 */
export function resolveScalar({ text, tag, plain }: Scalar): unknown {
  if (tag === "") return plain ? guess(text)[1] : text;
  if (tag === "!!binary") {
    const data = text.replace(/[\r\n]/g, "");
    if (!base64.test(data)) throw new UnresolvedScalar("!!binary data that is not base64");
    return Buffer.from(data, "base64").toString("utf8");
  }
  if (!kinds.includes(tag)) return text;
  const [kind, value] = guess(text);
  if (kind !== tag && !(kind === "!!int" && tag === "!!float"))
    throw new UnresolvedScalar("a value that does not fit its tag");
  return value;
}
