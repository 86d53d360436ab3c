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

/** The logical id that osls gives the function `admission`; its Ref is the function's name. */
export const admissionFunction = "AdmissionLambdaFunction";

/** The logical id that osls gives the function `proxy`. */
export const proxyFunction = "ProxyLambdaFunction";

/** A function's ARN as text, because its role cannot refer to the function that refers to the role. osls fills in service and stage. */
export function functionArn(name: "admission" | "proxy"): string {
  return `arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:\${self:service}-\${sls:stage}-${name}`;
}
