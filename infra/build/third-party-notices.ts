import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The folder of the package that a file belongs to; a package may lie within another. */
const packageFolder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/;

/** The MIT licence below its copyright line (spdx.org/licenses/MIT), for packages that only name it. */
const mit = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY
CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE
SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`;

/**
 * The name, version, licence and licence text of every package that files of a bundle come from.
 *
 * @param inputs paths from `root`, as esbuild's metafile names them
 * @throws Error for a package without a licence text
 */
export async function thirdPartyNotices(root: string, inputs: readonly string[]): Promise<string> {
  const folders = new Set(inputs.flatMap((input) => packageFolder.exec(input)?.[0] ?? []));
  const notices = await Promise.all([...folders].map((folder) => noticeOf(join(root, folder))));
  const intro = "The command-line program of impersonation-admission contains code of these packages.\n";
  return [intro, ...new Set(notices.sort())].join(`\n${"-".repeat(80)}\n\n`);
}

const noticeOf = async (folder: string): Promise<string> => {
  const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const files = (await readdir(folder)).sort();
  const texts = await Promise.all(
    files
      .filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
      .map((file) => readFile(join(folder, file), "utf8")),
  );
  if (texts.length === 0) {
    const readme = files.includes("README.md") ? await readFile(join(folder, "README.md"), "utf8") : "";
    const holder = /Copyright \(c\) .*/i.exec(readme)?.[0].replaceAll(/\[([^\]]+)\]\([^)]*\)/g, "$1");
    if (license !== "MIT" || !holder) throw new Error(`${name} ${version} (${license}) has no licence text`);
    texts.push(`${holder}\n\n${mit}`);
  }
  return `${name} ${version}, ${license}\n\n${texts.map((text) => `${text.replaceAll("\r\n", "\n").trim()}\n`).join("\n")}`;
};
