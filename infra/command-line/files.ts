import { readFileSync } from "node:fs";
import { readDocument, readDocuments, textOf } from "../../functions/yaml/documents.ts";
import { UsageError } from "./usage.ts";

/** The documents of a file, YAML or JSON, as `kubectl apply -f` takes them. */
export const documentsIn = (file: string): readonly unknown[] =>
  naming(file, () => readDocuments(textOf(readBytes(file))));

/** The one document of a file, YAML or JSON. */
export const documentIn = (file: string): unknown => naming(file, () => readDocument(textOf(readBytes(file))));

/** Reads a file, `-` being standard input. */
export const readBytes = (file: string): Buffer => {
  try {
    return readFileSync(file === "-" ? 0 : file);
  } catch (error) {
    throw new UsageError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
};

export const readText = (file: string): string => readBytes(file).toString("utf8");

/** A file that says something wrong is the user's to mend: its name and the sentence, not a stack. */
export const naming = <T>(what: string, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    throw error instanceof UsageError
      ? error
      : new UsageError(`${what}: ${error instanceof Error ? error.message : error}`);
  }
};
