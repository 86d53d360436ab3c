import { Document, isScalar, Scalar, visit, type YAMLSeq } from "yaml";

/** What fits in one line: `[CREATE, UPDATE]`. */
const longestFlow = 80;
/** A sentence, or a CEL expression, that is longer than this is folded. */
const longestLine = 120;

/** What YAML 1.1 takes for a boolean or null, in every case of its letters (yaml.org/type). Its other types begin with no letter. */
const isKeyword = (text: string): boolean => /^(y|n|yes|no|on|off|true|false|null)$/i.test(text);

/**
 * A word, a name, a path, a sentence, an expression. The library quotes what is ambiguous among these, such as `a: b` and `a #b`; it does
 * not know that `[a ? b]` is a mapping in YAML 1.1.
 */
const isPlain = (text: string): boolean => /^[a-z_/(][ ->@-~]*$/i.test(text) && !isKeyword(text);

/** A line break of YAML 1.1, or what its readers refuse: it can only stand in double quotes, as an escape. */
const unprintable = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** CEL expressions and sentences: printable ASCII in one line, words apart by one space. */
const isFoldable = (text: string): boolean => text.length > longestLine && /^[!-~]+( [!-~]+)+$/.test(text);

const isShort = ({ items }: YAMLSeq): boolean =>
  items.every(isScalar) && items.map(({ value }) => String(value)).join(", ").length <= longestFlow;

/**
 * Kubernetes objects as YAML for people: short lists in one line, long texts folded where they have spaces, which changes nothing in them.
 * Readers of YAML 1.1 (kubectl, PyYAML) and of YAML 1.2 find the same strings, as keys and as values: `yes` is quoted, and so is `012`.
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
