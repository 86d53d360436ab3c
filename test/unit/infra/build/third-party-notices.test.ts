import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { thirdPartyNotices } from "../../../../infra/build/third-party-notices.ts";

const root = mkdtempSync(join(tmpdir(), "notices-"));
afterAll(() => rmSync(root, { recursive: true }));

const install = (folder: string, license: string, files: Readonly<Record<string, string>>): void => {
  mkdirSync(join(root, folder), { recursive: true });
  const name = folder.replace(/^.*node_modules\//, "");
  writeFileSync(join(root, folder, "package.json"), JSON.stringify({ name, version: "1.2.3", license }));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(root, folder, file), text);
};

describe("the notices of a bundle", () => {
  test("hold the licence text of each package once, also of a package within another, and nothing of our own files", async () => {
    install("node_modules/one", "ISC", { LICENSE: "the text of one\r\nsecond line\r\n" });
    install("node_modules/one/node_modules/@scope/two", "MIT", {
      "license.md": "the text of two",
      NOTICE: "its notice",
    });
    const inputs = [
      "infra/cli.ts",
      "node_modules/one/a.js",
      "node_modules/one/lib/b.js",
      "node_modules/one/node_modules/@scope/two/index.js",
    ];
    const [intro, ...notices] = (await thirdPartyNotices(root, inputs)).split(`\n${"-".repeat(80)}\n\n`);
    expect(intro).toMatch(/contains code of these packages\.\n$/);
    expect(notices).toEqual([
      "@scope/two 1.2.3, MIT\n\nits notice\n\nthe text of two\n",
      "one 1.2.3, ISC\n\nthe text of one\nsecond line\n",
    ]);
  });

  test("hold the MIT licence below the copyright line of a readme, where a package has no licence file", async () => {
    const readme = "# three\n\nLicensed under MIT. Copyright (c) 2017 [A. Person](https://example.com), and others.\n";
    install("node_modules/three", "MIT", { "README.md": readme });
    expect(await thirdPartyNotices(root, ["node_modules/three/a.js"])).toContain(
      "three 1.2.3, MIT\n\nCopyright (c) 2017 A. Person, and others.\n\nPermission is hereby granted, free of charge",
    );
  });

  test.each([
    ["another licence", "BSD-3-Clause", { "README.md": "Copyright (c) 2017 A. Person" }],
    ["no copyright line", "MIT", { "README.md": "# readme" }],
    ["no readme", "MIT", {}],
  ])("are refused without a licence file: %s", async (name, license, files) => {
    const folder = `node_modules/${name.replaceAll(" ", "-")}`;
    install(folder, license, files);
    await expect(thirdPartyNotices(root, [`${folder}/a.js`])).rejects.toThrow(`(${license}) has no licence text`);
  });
});
