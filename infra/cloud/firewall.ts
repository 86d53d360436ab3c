import { sub, type Template } from "./cloudformation.ts";
import { stageName } from "./private-api.ts";
import type { DeploymentSettings } from "./settings.ts";

/** Samples and logs of requests hold the URL, and with it the key. */
const visibility = (name: string): Template => ({
  CloudWatchMetricsEnabled: true,
  MetricName: name,
  SampledRequestsEnabled: false,
});

const unchanged = [{ Priority: 0, Type: "NONE" }];

/** Longer than any path that is known: a name and a key have 63 characters each at most, and a stage and an endpoint stand beside them. */
const longestPath = 256;
/** `timeout=10s` is all that an API server sends. */
const longestQuery = 64;
/** Digits: a body of ten million bytes is beyond what the gateway takes. WAF sees no more than the first 64 KB of any. */
const longestContentLength = 7;

const tooLong = (what: Template, most: number): Template => ({
  SizeConstraintStatement: {
    FieldToMatch: what,
    ComparisonOperator: "GT",
    Size: most,
    TextTransformations: unchanged,
  },
});

const rulesOf = ({
  wafRate,
}: DeploymentSettings): readonly { readonly name: string; readonly statement: Template }[] => [
  {
    name: "rate",
    statement: { RateBasedStatement: { AggregateKeyType: "IP", EvaluationWindowSec: 300, Limit: wafRate } },
  },
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

/** The web ACL of the private API: how often one address may call, and how large what it sends may be. */
export const firewall = (settings: DeploymentSettings): Template => ({
  WebAcl: {
    Type: "AWS::WAFv2::WebACL",
    Properties: {
      Description: "Admission webhook",
      Scope: "REGIONAL",
      DefaultAction: { Allow: {} },
      VisibilityConfig: visibility("admission"),
      Rules: rulesOf(settings).map(({ name, statement }, index) => ({
        Name: name,
        Priority: index,
        Action: { Block: {} },
        Statement: statement,
        VisibilityConfig: visibility(`admission-${name}`),
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
});
