import { readFileSync } from "node:fs";
import { readDocument, readDocuments, textOf } from "../../functions/yaml/documents.ts";
import { UsageError } from "./usage.ts";

/** The documents of a file, YAML or JSON, as `kubectl apply -f` takes them. */
export function documentsIn(file: string): readonly unknown[] {
  return naming(file, () => readDocuments(textOf(readBytes(file))));
}

/** The one document of a file, YAML or JSON. */
export function documentIn(file: string): unknown {
  return naming(file, () => readDocument(textOf(readBytes(file))));
}

/** Reads a file, `-` being standard input. */
export function readBytes(file: string): Buffer {
  try {
    return readFileSync(file === "-" ? 0 : file);
  } catch (error) {
    throw new UsageError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

export function readText(file: string): string {
  return readBytes(file).toString("utf8");
}

/** Turns an error about the content of a file into a user's mistake: the file's name and the sentence, without a stack. */
export function naming<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof UsageError
      ? error
      : new UsageError(`${what}: ${error instanceof Error ? error.message : error}`);
  }
}
