export { isProblem, type JsonObject, type Problem } from "./json.ts";
export { printable } from "./printable.ts";
