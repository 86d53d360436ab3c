import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const build = `${root}build/`;

/** A relative import of a declaration, up to its extension. */
const relativeImport = /((?:from|import\()\s*"\.[^"]*)\.ts"/g;

/**
 * Compiles `lib/` into `build/`, which npm packs. tsc rewrites the extensions of relative imports in JavaScript but not in declarations,
 * where they would name files that are not in the package.
 */
const buildLibrary = (): void => {
  rmSync(build, { recursive: true, force: true });
  execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-p", `${root}lib`], { stdio: "inherit" });
  const declarations = readdirSync(build, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".d.ts"),
  );
  for (const file of declarations) {
    const text = readFileSync(`${build}${file}`, "utf8");
    writeFileSync(`${build}${file}`, text.replace(relativeImport, '$1.js"'));
  }
};

if (import.meta.main) buildLibrary();
