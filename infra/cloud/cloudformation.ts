/** A part of a CloudFormation template. */
export type Template = Readonly<Record<string, unknown>>;

/** `Fn::Sub`. */
export const sub = (text: string) => ({ "Fn::Sub": text });

/** `Ref`. */
export const ref = (logicalId: string) => ({ Ref: logicalId });

/** What osls calls the resource of the function `admission`; its Ref is the function's name. */
export const admissionFunction = "AdmissionLambdaFunction";
