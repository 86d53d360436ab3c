import type { JsonObject } from "../../lib/meta/json.ts";
import { pointerOf } from "../../lib/policy/path.ts";
import { type Policy, targetOf } from "../../lib/policy/policy.ts";
import { resourceName } from "../cluster/resource-name.ts";
import { findingOf, kindOf, type ReportFinding } from "./finding.ts";
import type { ListedResource } from "./listings.ts";
import { managersOf } from "./managers.ts";
import type { Rights } from "./rights.ts";
import { statedBy } from "./stated.ts";
import type { Tally } from "./summary.ts";
import type { JudgeWriters } from "./would-be.ts";
import { type Writers, writersOf } from "./writers.ts";

/** What objects are looked at with. */
export interface Scan {
  readonly policy: Policy;
  readonly writers: Writers;
  readonly judgeWriters: JudgeWriters;
  /** Asked for once there is something to say. */
  readonly rights: () => Promise<Rights | undefined>;
  readonly tally: Tally;
  /** Whether fields that name an ordinary identity are listed too. */
  readonly all: boolean;
}

/** The findings of some objects of one resource, in their order. */
export async function scanPage(
  { policy, writers, judgeWriters, rights, tally, all }: Scan,
  resource: ListedResource,
  items: readonly JsonObject[],
): Promise<readonly ReportFinding[]> {
  const target = targetOf(policy, resource);
  if (!target) throw new Error(`policy ${policy.name} covers no ${resource.resource}`);
  const objects = items.map((object) => {
    const fields = statedBy(policy, resource, object);
    return { object, fields, ...writersOf(writers, fields.length > 0 ? managersOf(object, []).spec : []) };
  });
  const verdicts = await judgeWriters(policy, resource, objects);
  const evidence = objects.flatMap(({ object, fields, unknown }, index) => {
    tally.object(resourceName(resource));
    for (const manager of unknown) tally.unknownManager(manager);
    return fields.map((stated) => ({
      resource,
      target,
      object,
      stated,
      managers: managersOf(object, stated.segments),
      wouldBe: (verdicts[index] ?? [])
        .filter(({ segments }) => pointerOf(segments) === pointerOf(stated.segments))
        .map(({ wouldBe }) => wouldBe),
    }));
  });
  for (const { stated, wouldBe } of evidence) if (stated.kind === "named" && wouldBe.length === 0) tally.unjudged();
  const listed = evidence.filter((each) => all || kindOf(each) !== "named");
  if (listed.length === 0) return [];
  const known = await rights();
  const findings = listed.map((each) => findingOf(each, known));
  for (const finding of findings) tally.add(finding);
  return findings;
}
