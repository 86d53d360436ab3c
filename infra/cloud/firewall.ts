import { admissionFunction, sub, type Template } from "./cloudformation.ts";
import type { DeploymentSettings } from "./params.ts";
import { stageName } from "./rest-api.ts";

/** The name of the web ACL, also in CloudWatch, as `Fn::Sub` reads it. It is unique to this deployment. */
export const firewallName = `\${${admissionFunction}}`;

/** Without samples of requests, which hold the URL and so the key. */
const visibility = (name: string): Template => ({
  CloudWatchMetricsEnabled: true,
  MetricName: sub(name),
  SampledRequestsEnabled: false,
});

const transformed = (...types: readonly string[]) => types.map((Type, Priority) => ({ Priority, Type }));

/** Longer than every valid path: a name and a key have at most 63 characters each, and a stage and an endpoint are short. */
const longestPath = 256;
/** An API server sends only `timeout=10s`. */
const longestQuery = 64;
/** Digits: the gateway refuses a body of ten million bytes. WAF reads only the first 16 KB of a body. */
const longestContentLength = 7;

const tooLong = (what: Template, most: number): Template => ({
  SizeConstraintStatement: {
    FieldToMatch: what,
    ComparisonOperator: "GT",
    Size: most,
    TextTransformations: transformed("NONE"),
  },
});

/** The seconds that WAF counts together: the least that it offers, so that it blocks before the gateway throttles other clusters for long. */
const window = 60;

/**
 * Limits the calls to one path. `/v1/clusters/NAME/KEY/mutate` and `.../validate` are two paths, because no transformation of WAF removes a
 * part of a path. Different spellings of one path count together.
 */
const byPath = (limit: number): Template => ({
  RateBasedStatement: {
    AggregateKeyType: "CUSTOM_KEYS",
    CustomKeys: [{ UriPath: { TextTransformations: transformed("URL_DECODE", "NORMALIZE_PATH") } }],
    EvaluationWindowSec: window,
    Limit: limit,
  },
});

/** Limits the calls from one address, for all paths. Only this rule counts a caller that changes the path with every call. */
const byAddress = (limit: number): Template => ({
  RateBasedStatement: { AggregateKeyType: "IP", EvaluationWindowSec: window, Limit: limit },
});

/** One address may use three quarters of the gateway's limit. */
const shareOfAddress = 0.75;

const rulesOf = ({
  wafRate,
  throttleRate,
}: DeploymentSettings): readonly { readonly name: string; readonly statement: Template }[] => [
  { name: "path", statement: byPath(wafRate) },
  { name: "address", statement: byAddress(Math.floor(shareOfAddress * window * throttleRate)) },
  {
    name: "size",
    statement: {
      OrStatement: {
        Statements: [
          tooLong({ UriPath: {} }, longestPath),
          tooLong({ QueryString: {} }, longestQuery),
          tooLong({ SingleHeader: { Name: "content-length" } }, longestContentLength),
        ],
      },
    },
  },
];

/** The web ACL of the private API. It limits the calls to a path and from an address, and the size of a request. */
export function firewall(settings: DeploymentSettings): Template {
  return {
    WebAcl: {
      Type: "AWS::WAFv2::WebACL",
      Properties: {
        Name: sub(firewallName),
        Description: "Admission webhook",
        Scope: "REGIONAL",
        DefaultAction: { Allow: {} },
        VisibilityConfig: visibility(firewallName),
        Rules: rulesOf(settings).map(({ name, statement }, index) => ({
          Name: name,
          Priority: index,
          Action: { Block: {} },
          Statement: statement,
          VisibilityConfig: visibility(`${firewallName}-${name}`),
        })),
      },
    },
    WebAclAssociation: {
      Type: "AWS::WAFv2::WebACLAssociation",
      DependsOn: ["PrivateApiStage"],
      Properties: {
        WebACLArn: { "Fn::GetAtt": ["WebAcl", "Arn"] },
        ResourceArn: sub(
          `arn:\${AWS::Partition}:apigateway:\${AWS::Region}::/restapis/\${PrivateApi}/stages/${stageName}`,
        ),
      },
    },
  };
}
