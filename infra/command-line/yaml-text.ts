import { Document, isScalar, Scalar, visit, type YAMLSeq } from "yaml";

/** The longest list that is written in one line: `[CREATE, UPDATE]`. */
const longestFlow = 80;
/** Longer sentences and CEL expressions are folded. */
const longestLine = 120;

/**
 * Whether YAML 1.1 reads a word as a boolean or null, in upper or lower case (yaml.org/type). Values of its other types do not begin with a
 * letter.
 */
const isKeyword = (text: string): boolean => /^(y|n|yes|no|on|off|true|false|null)$/i.test(text);

/**
 * Whether a text may be written without quotes: a word, a name, a path, a sentence, an expression. The library quotes the ambiguous ones,
 * such as `a: b` and `a #b`, but it does not know that `[a ? b]` is a mapping in YAML 1.1.
 */
const isPlain = (text: string): boolean => /^[a-z_/(][ ->@-~]*$/i.test(text) && !isKeyword(text);

/** Line breaks of YAML 1.1, and characters that its readers refuse: they are written as escapes in double quotes. */
const unprintable = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** Whether a text may be folded: a long line of printable ASCII, its words separated by single spaces. */
const isFoldable = (text: string): boolean => text.length > longestLine && /^[!-~]+( [!-~]+)+$/.test(text);

const isShort = ({ items }: YAMLSeq): boolean =>
  items.every(isScalar) && items.map(({ value }) => String(value)).join(", ").length <= longestFlow;

/**
 * Kubernetes objects as YAML for people: short lists in one line, long texts folded at their spaces. Readers of YAML 1.1 (kubectl, PyYAML)
 * and of YAML 1.2 find the same strings, as keys and as values: `yes` and `012` are quoted.
 *
 * @example yamlText([{ kind: "ConfigMap", data: { answer: "yes" } }]) // kind: ConfigMap\ndata:\n  answer: "yes"\n
 */
export function yamlText(objects: readonly object[]): string {
  return objects
    .map((object) => {
      const document = new Document(object, { aliasDuplicateObjects: false });
      visit(document, {
        Seq: (_, list) => {
          list.flow = isShort(list);
        },
        Scalar: (key, scalar) => {
          const { value } = scalar;
          if (typeof value !== "string") return;
          if (key !== "key" && isFoldable(value)) scalar.type = Scalar.BLOCK_FOLDED;
          else if (!isPlain(value)) scalar.type = Scalar.QUOTE_DOUBLE;
        },
      });
      const text = document.toString({ lineWidth: longestLine, flowCollectionPadding: false });
      return text.replace(unprintable, escaped);
    })
    .join("---\n");
}
