import { EVENT_ID, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from "js-yaml";
import { resolveScalar, type Scalar, UnresolvedScalar } from "./resolve-scalar.ts";

type Node =
  | { readonly kind: "scalar"; readonly scalar: Scalar }
  | { readonly kind: "sequence"; readonly items: Node[] }
  /** Key, value, key, value. */
  | { readonly kind: "mapping"; readonly items: Node[] }
  | { readonly kind: "alias"; readonly target: Node };

type Event = ReturnType<typeof parseEvents>[number];

const fail = (source: string, position: number, why: string): never => {
  const line = source.slice(0, position).split("\n").length;
  throw new Error(`is not valid YAML: ${why} (line ${line})`);
};

/** The most lines that may be less indented than js-yaml wants; each costs another reading. */
const mostOutdented = 1000;

interface Parsed {
  readonly source: string;
  readonly events: readonly Event[];
}

/**
 * js-yaml quotes the lines around a mistake, and some of its reasons quote a word of them: secrets may stand there. It also wants every
 * line of `[...]`, `{...}` and quoted text indented, a closing bracket too, as YAML 1.2 does; kubectl does not. Such lines are indented
 * here, which does not change their meaning.
 */
const parse = (given: string): Parsed => {
  let source = given;
  for (let outdented = 0; ; outdented += 1)
    try {
      return { source, events: parseEvents(source, { maxDepth: 1000 }) };
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error;
      const { reason, mark } = error;
      const position = mark?.position ?? 0;
      if (reason !== "deficient indentation" || outdented === mostOutdented)
        return fail(source, position, reason.split(/ ?[:"<`]/)[0] ?? "");
      source = `${source.slice(0, position)}${" ".repeat(80)}${source.slice(position)}`;
    }
};

/** A tag as `!!int` or `!name`. */
const tagOf = (
  source: string,
  { tagStart, tagEnd }: { readonly tagStart: number; readonly tagEnd: number },
): string => {
  const tag = tagStart < 0 ? "" : source.slice(tagStart, tagEnd);
  return tag.replace(/^!<(?:tag:yaml\.org,2002:)?(.*)>$/, "!!$1");
};

/** The nodes of each document. */
const nodesOf = ({ source, events }: Parsed): readonly Node[] => {
  const documents: Node[] = [];
  let anchors = new Map<string, Node>();
  const open: Node[][] = [];

  const add = (node: Node): void => {
    (open.at(-1) ?? documents).push(node);
  };
  for (const event of events)
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        for (const directive of event.directives)
          if (directive.kind !== "yaml" || directive.version !== "1.1")
            fail(source, 0, "a directive other than %YAML 1.1");
        anchors = new Map();
        open.push([]);
        break;
      case EVENT_ID.ALIAS: {
        const name = source.slice(event.anchorStart, event.anchorEnd);
        const target = anchors.get(name) ?? fail(source, event.anchorStart, "an alias without an anchor");
        add({ kind: "alias", target });
        break;
      }
      case EVENT_ID.POP: {
        const [items = []] = open.splice(-1);
        if (open.length === 0)
          documents.push(items[0] ?? { kind: "scalar", scalar: { text: "", tag: "", plain: true } });
        break;
      }
      default: {
        const node: Node =
          event.type === EVENT_ID.SCALAR
            ? {
                kind: "scalar",
                scalar: {
                  text: getScalarValue(source, event),
                  tag: tagOf(source, event),
                  plain: event.style === SCALAR_STYLE.PLAIN,
                },
              }
            : { kind: event.type === EVENT_ID.MAPPING ? "mapping" : "sequence", items: [] };
        if (event.anchorStart >= 0) anchors.set(source.slice(event.anchorStart, event.anchorEnd), node);
        add(node);
        if (node.kind !== "scalar" && node.kind !== "alias") open.push(node.items);
      }
    }
  return documents;
};

/** A small text with many aliases is a large object (go.yaml.in/yaml/v2 decode.go, `allowedAliasRatio`). */
const isExcessive = (count: number, aliased: number): boolean =>
  aliased > 100 &&
  count > 1000 &&
  aliased / count > 0.99 - 0.89 * Math.min(1, Math.max(0, (count - 400_000) / 3_600_000));

const isMerge = (key: Node | undefined): boolean =>
  key?.kind === "scalar" &&
  key.scalar.text === "<<" &&
  (key.scalar.tag === "!!merge" || (key.scalar.tag === "" && key.scalar.plain));

export interface YamlOptions {
  /** Refuses a mapping with one key twice, as the API server does for its own configuration files. kubectl takes the last one. */
  readonly unique?: boolean;
}

/** The value of a node as go.yaml.in/yaml/v2 (decode.go) and sigs.k8s.io/yaml (`YAMLToJSON`) convert it to JSON. */
const decoded = (root: Node, { unique }: YamlOptions): unknown => {
  const within = new Set<Node>();
  let [count, aliased] = [0, 0];

  const keyOf = (node: Node): string => {
    const key = decode(node);
    if (typeof key === "string" || typeof key === "boolean" || Number.isSafeInteger(key)) return String(key);
    throw new UnresolvedScalar("a mapping key that is not text");
  };
  const set = (object: object, key: string, value: unknown): void => {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  };
  const fill = (object: object, items: readonly Node[]): object => {
    const names = new Set<string>();
    for (let index = 0; index + 1 < items.length; index += 2) {
      const [key, value] = [items[index] as Node, items[index + 1] as Node];
      if (isMerge(key)) {
        merge(object, value);
        continue;
      }
      const name = keyOf(key);
      if (unique && names.has(name)) throw new UnresolvedScalar("a mapping with one key twice");
      names.add(name);
      set(object, name, decode(value));
    }
    return object;
  };
  /** Merged members replace earlier ones, and are replaced by later ones. */
  const merge = (object: object, node: Node): void => {
    const sources = node.kind === "sequence" ? [...node.items].reverse() : [node];
    for (const source of sources) {
      const mapping = source.kind === "alias" ? source.target : source;
      if (mapping.kind !== "mapping") throw new UnresolvedScalar("a merge key (<<) whose value is not a mapping");
      decode(source, object);
    }
  };
  const decode = (node: Node, into: object = {}): unknown => {
    count += 1;
    if (within.size > 0) aliased += 1;
    if (isExcessive(count, aliased)) throw new UnresolvedScalar("too many aliases");
    switch (node.kind) {
      case "scalar":
        return resolveScalar(node.scalar);
      case "sequence":
        return node.items.map((item) => decode(item));
      case "mapping":
        return fill(into, node.items);
      case "alias": {
        if (within.has(node)) throw new UnresolvedScalar("an anchor whose value contains itself");
        within.add(node);
        const value = decode(node.target, into);
        within.delete(node);
        return value;
      }
    }
  };
  return decode(root);
};

/**
 * The JSON values of the documents in a YAML text, as kubectl reads them: YAML 1.1 with merge keys. Throws an Error whose message begins
 * with `is not valid YAML:`, names the line where it is known, and quotes nothing of the text.
 */
export function composeYaml(source: string, options: YamlOptions = {}): readonly unknown[] {
  return nodesOf(parse(source)).map((node) => {
    try {
      return decoded(node, options);
    } catch (error) {
      throw error instanceof UnresolvedScalar ? new Error(`is not valid YAML: ${error.message}`) : error;
    }
  });
}
