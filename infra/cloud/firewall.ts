import { admissionFunction, sub, type Template } from "./cloudformation.ts";
import type { DeploymentSettings } from "./params.ts";
import { stageName } from "./private-api.ts";

/** The name of the web ACL, in CloudWatch too, as `Fn::Sub` reads it: of this deployment alone. */
export const firewallName = `\${${admissionFunction}}`;

/** Samples and logs of requests hold the URL, and with it the key. */
const visibility = (name: string): Template => ({
  CloudWatchMetricsEnabled: true,
  MetricName: sub(name),
  SampledRequestsEnabled: false,
});

const transformed = (...types: readonly string[]) => types.map((Type, Priority) => ({ Priority, Type }));

/** Longer than any path that is known: a name and a key have 63 characters each at most, and a stage and an endpoint stand beside them. */
const longestPath = 256;
/** `timeout=10s` is all that an API server sends. */
const longestQuery = 64;
/** Digits: a body of ten million bytes is beyond what the gateway takes. WAF sees the first 16 KB of any. */
const longestContentLength = 7;

const tooLong = (what: Template, most: number): Template => ({
  SizeConstraintStatement: {
    FieldToMatch: what,
    ComparisonOperator: "GT",
    Size: most,
    TextTransformations: transformed("NONE"),
  },
});

/** Seconds that are counted together: the fewest that WAF offers, so that it blocks before the gateway has throttled others for long. */
const window = 60;

/**
 * Calls to one path: `/v1/clusters/NAME/KEY/mutate` is one, and `.../validate` another, because no transformation of WAF takes a part of a
 * path away. Spellings of one path count together.
 */
const byPath = (limit: number): Template => ({
  RateBasedStatement: {
    AggregateKeyType: "CUSTOM_KEYS",
    CustomKeys: [{ UriPath: { TextTransformations: transformed("URL_DECODE", "NORMALIZE_PATH") } }],
    EvaluationWindowSec: window,
    Limit: limit,
  },
});

/** Calls from one address, whatever their paths: a stranger who changes the path with every call is counted here alone. */
const byAddress = (limit: number): Template => ({
  RateBasedStatement: { AggregateKeyType: "IP", EvaluationWindowSec: window, Limit: limit },
});

/** Of what the gateway lets through, one address may use three quarters. */
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

/** The web ACL of the private API: how often a path and an address may be used, and how large a request may be. */
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
