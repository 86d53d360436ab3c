import { styleText } from "node:util";
import { askOf } from "../../functions/cluster/ask.ts";
import { openConnection } from "../../functions/cluster/connection.ts";
import { printable } from "../../lib/meta/index.ts";
import { ClusterError, notVerified, openCluster } from "../cluster/api-client.ts";
import { defineCommand } from "../command-line/command.ts";
import { documentIn } from "../command-line/files.ts";
import { policyOf } from "../command-line/policy-of.ts";
import { outputOption, sharedOptions } from "../command-line/shared-options.ts";
import { UsageError } from "../command-line/usage.ts";
import { type Listing, listingsOf } from "../report/listings.ts";
import { columnsFor, jsonOutput, tableOutput } from "../report/output.ts";
import { pagesOf } from "../report/pages.ts";
import { progressOn } from "../report/progress.ts";
import { type Rights, readRights } from "../report/rights.ts";
import { type Scan, scanPage } from "../report/scan.ts";
import { tallyOf } from "../report/summary.ts";
import { judgeWritersWith } from "../report/would-be.ts";
import { parseWriter, readWriterFile } from "../report/writers.ts";

export const report = defineCommand({
  synopsis: "[options]",
  options: {
    kubeconfig: {
      ...sharedOptions.kubeconfig,
      text: `${sharedOptions.kubeconfig.text}. Its user needs list on what the policy guards; to say who could fix what, list on roles, rolebindings, clusterroles and clusterrolebindings; to judge writers, create on subjectaccessreviews`,
    },
    context: sharedOptions.context,
    policy: sharedOptions.policy,
    namespace: { value: "NAME", text: "look in this namespace only (all)" },
    "as-writer": {
      value: "WHO",
      multiple: true,
      text: "judge every object by the verdict that WHO (USERNAME, or USERNAME,GROUP,...) would get on editing it; may be given several times",
    },
    writers: {
      value: "FILE",
      text: "judge each object by the users behind its field managers: a YAML mapping from a manager's name to a username, or to { username, groups, uid, extra }",
    },
    all: { text: "list fields that name an ordinary identity too" },
    "limit-page": { value: "N", default: "500", text: "objects that are read in one request, 1 to 5000 (500)" },
    output: outputOption("table", "json"),
  },
  notes: "Exit status: 0 nothing to do, 1 there are findings, 2 a wrong argument, or something could not be read.",
  run: async ({ values }) => {
    const { kubeconfig, context, namespace, output, "limit-page": limitText } = values;
    const limit = /^\d+$/.test(limitText) ? Number(limitText) : 0;
    if (limit < 1 || limit > 5000) throw new UsageError(`--limit-page ${limitText} is not a number from 1 to 5000`);
    const writers = {
      everywhere: (values["as-writer"] ?? []).map(parseWriter),
      byManager: values.writers === undefined ? undefined : writersIn(values.writers),
    };
    const policy = policyOf(values.policy);
    const api = openCluster(kubeconfig, context);

    const progress = progressOn(process.stderr);
    const said = new Set<string>();
    const note = (sentence: string): void => {
      if (said.has(sentence)) return;
      said.add(sentence);
      progress.clear();
      console.error(styleText("yellow", `note: ${printable(sentence)}`, { stream: process.stderr }));
    };
    if (api.insecure) note(notVerified(api));
    const judged = writers.everywhere.length > 0 || writers.byManager !== undefined;
    const out =
      output === "json" ? jsonOutput(process.stdout) : tableOutput(process.stdout, columnsFor(policy, judged));
    const tally = tallyOf();
    let rights: Promise<Rights | undefined> | undefined;
    const scan: Scan = {
      policy,
      writers,
      judgeWriters: judgeWritersWith(askOf(openConnection(api.kubeconfig, api.context, { insecure: true }))),
      rights: () => {
        rights ??= readRights(api, limit, note);
        return rights;
      },
      tally,
      all: values.all,
    };

    /** Whether a listing could be read to its end. After a failure the other listings are still read. */
    const read = async ({ resource, path }: Listing): Promise<boolean> => {
      try {
        for await (const { items, remaining } of pagesOf(api, path, { limit, note })) {
          const findings = await scanPage(scan, resource, items);
          progress.clear();
          await out.add(findings);
          progress.at(
            `${resource.resource}: ${tally.objects()} objects read${remaining === undefined ? "" : `, about ${remaining} to go`}, ${tally.findings()} findings`,
          );
        }
        return true;
      } catch (error) {
        if (!(error instanceof ClusterError)) throw error;
        note(error.message);
        return false;
      }
    };

    const { listings, notes, faults } = await listingsOf(api, policy, namespace);
    for (const sentence of [...notes, ...faults]) note(sentence);
    let complete = faults.length === 0;
    try {
      for (const listing of listings) complete = (await read(listing)) && complete;
    } finally {
      progress.clear();
      await out.end(tally.text());
      api.close();
    }
    if (!complete) throw new ClusterError("the report is not complete; the notes say what is missing");
    if (tally.findings() > 0) process.exitCode = 1;
  },
});

const writersIn = (file: string) => readWriterFile(file, documentIn(file));
