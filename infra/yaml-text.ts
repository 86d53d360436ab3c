import { Document, isScalar, visit, type YAMLSeq } from "yaml";

/** What fits in one line: `[CREATE, UPDATE]`. */
const longestFlow = 80;
/** A sentence, or a CEL expression, that is longer than this is folded. */
const longestLine = 120;

const isShort = ({ items }: YAMLSeq): boolean =>
  items.every(isScalar) && items.map(({ value }) => String(value)).join(", ").length <= longestFlow;

/** Kubernetes objects as YAML for people: short lists in one line, long texts folded where they have spaces, which changes nothing in them. */
export const yamlText = (objects: readonly object[]): string =>
  objects
    .map((object) => {
      const document = new Document(object, { aliasDuplicateObjects: false });
      visit(document, {
        Seq: (_, list) => {
          list.flow = isShort(list);
        },
        Scalar: (_, scalar) => {
          const { value } = scalar;
          if (typeof value === "string" && value.length > longestLine && value.includes(" "))
            scalar.type = "BLOCK_FOLDED";
        },
      });
      return document.toString({ lineWidth: longestLine, flowCollectionPadding: false });
    })
    .join("---\n");
