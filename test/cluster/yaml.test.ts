import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, inject, test } from "vitest";
import { readDocuments } from "../../functions/yaml/documents.ts";
import { files, values } from "../support/yaml-rows.ts";

const folder = mkdtempSync(join(tmpdir(), "yaml-"));
afterAll(() => rmSync(folder, { recursive: true }));

const { kubectlProgram } = inject("connection");

/** The objects that kubectl reads from a file, without a cluster; undefined where it refuses the file. */
const kubectlReads = async (content: string | Uint8Array): Promise<readonly unknown[] | undefined> => {
  const file = join(folder, "objects");
  writeFileSync(file, content);
  try {
    const args = ["label", "--local", "-f", file, "read=yes", "-o", "json"];
    const { stdout } = await promisify(execFile)(kubectlProgram, args, { env: { HOME: folder } });
    return readDocuments(stdout);
  } catch {
    return undefined;
  }
};

describe("kubectl reads every value as our reader does", () => {
  test.each(values)("%s", async (_, yaml, value) => {
    const text = `apiVersion: example.com/v1\nkind: Sample\nmetadata: {name: a}\nvalue: ${yaml}`;
    const read = await kubectlReads(text);
    if (value === undefined) expect(read).toBeUndefined();
    else expect(read).toMatchObject([{ value }]);
  });
});

describe("kubectl finds the same documents in a file as our reader", () => {
  test.each(files)("%s", async (_, content, names) => {
    expect(await kubectlReads(content)).toEqual(
      names?.map((name) => expect.objectContaining({ metadata: { name, labels: { read: "yes" } } })),
    );
  });
});
