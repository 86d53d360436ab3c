/** A folder of policies that cannot be built in: the message names the file and the fix. */
export class PolicyFileError extends Error {
  override name = "PolicyFileError";
}
