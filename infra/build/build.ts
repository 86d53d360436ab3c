import { PolicyFileError } from "../../functions/policies/policy-file-error.ts";
import { buildFunctions } from "./build-functions.ts";
import { buildServer } from "./build-server.ts";

const help = `Bundles the functions and the server into dist/, and prints the bytes of each file and its budget.

usage: npm run build`;

const given = process.argv.slice(2);

if (given.length > 0) {
  console.log(help);
  if (!given.some((argument) => argument === "--help" || argument === "-h")) process.exitCode = 2;
} else
  try {
    await buildFunctions(console.log);
    await buildServer(console.log);
  } catch (error) {
    if (!(error instanceof PolicyFileError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
