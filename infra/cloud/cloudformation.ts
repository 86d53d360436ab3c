/** A part of a CloudFormation template. */
export type Template = Readonly<Record<string, unknown>>;

/** `Fn::Sub`. */
export function sub(text: string) {
  return { "Fn::Sub": text };
}

/** `Ref`. */
export function ref(logicalId: string) {
  return { Ref: logicalId };
}

/** What osls calls the resource of the function `admission`; its Ref is the function's name. */
export const admissionFunction = "AdmissionLambdaFunction";

/** The function's ARN for its own role, which cannot refer to the function that refers to it. osls fills in service and stage. */
export const functionArn =
  "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${self:service}-${sls:stage}-admission";
