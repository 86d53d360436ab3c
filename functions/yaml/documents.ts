import { composeYaml, type YamlOptions } from "./compose-yaml.ts";

/** Reads bytes as kubectl does: UTF-8, or UTF-16 where a byte order mark says so. Throws for anything else. */
export function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`is not ${encoding.toUpperCase()} text`);
  }
}

/** The end of the JSON object or list that begins at `start`; the text's end where it is not closed. */
const endOfJson = (text: string, start: number): number => {
  const token = /"(?:[^"\\]|\\.)*"|[{[]|[}\]]/gs;
  token.lastIndex = start;
  for (let depth = 0, found = token.exec(text); found; found = token.exec(text)) {
    if (found[0].startsWith('"')) continue;
    depth += /[{[]/.test(found[0]) ? 1 : -1;
    if (depth <= 0) return token.lastIndex;
  }
  return text.length;
};

/** The JSON objects at the start of a text, and the rest of the text. */
const readJson = (text: string): { readonly documents: readonly unknown[]; readonly rest: string } => {
  const documents: unknown[] = [];
  let rest = text.trimStart();
  try {
    while (rest.startsWith("{")) {
      const end = endOfJson(rest, 0);
      documents.push(JSON.parse(rest.slice(0, end)));
      rest = rest.slice(end).trimStart();
    }
  } catch {
    // A flow mapping of YAML begins like JSON.
  }
  return { documents, rest };
};

/** The texts between lines of three dashes, which only a comment may follow (k8s.io/apimachinery util/yaml `YAMLReader`). */
const chunksOf = (text: string): readonly string[] => {
  const chunks: string[] = [];
  let lines: string[] = [];
  for (const line of text.split("\n")) {
    if (!line.startsWith("---")) {
      lines.push(line);
      continue;
    }
    const behind = line.slice(3).trim();
    if (behind !== "" && !behind.startsWith("#")) throw new Error("is not valid YAML: text follows ---");
    chunks.push(lines.join("\n"));
    lines = [];
  }
  return [...chunks, lines.join("\n")];
};

/**
 * The documents of a text as `kubectl apply -f` reads them: JSON objects one after the other, or YAML (1.1, with merge keys) with `---`
 * between. Empty documents are left out. Throws an Error that quotes nothing of the text.
 */
export function readDocuments(text: string, options: YamlOptions = {}): readonly unknown[] {
  const plain = text.replace(/^\uFEFF/, "");
  // What JSON.parse returns does not show a key that is there twice. A YAML parser reads JSON too.
  const { documents, rest } = options.unique ? { documents: [], rest: plain } : readJson(plain);
  if (rest === "") return documents;
  const others = chunksOf(rest).flatMap((chunk) => {
    const [document, ...more] = composeYaml(chunk, options);
    if (more.length > 0) throw new Error("is not valid YAML: a document follows the end of another; put --- between");
    return [document];
  });
  return [...documents, ...others.filter((document) => document != null)];
}

/** The one document of a text; undefined where there is none. Throws as `readDocuments` does, and where there are several. */
export function readDocument(text: string, options?: YamlOptions): unknown {
  const [document, ...more] = readDocuments(text, options);
  if (more.length > 0) throw new Error(`holds ${more.length + 1} documents and must hold one`);
  return document;
}
