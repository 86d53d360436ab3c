/** A request to AWS failed. The message is a sentence that a person can act on and that holds no secret. */
export class AwsFailure extends Error {
  override name = "AwsFailure";
}
