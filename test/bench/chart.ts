import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Figures, Row } from "./figures.ts";

export type Theme = "light" | "dark";

/** The background colours are GitHub's, so that the chart has no visible frame there. */
const themes = {
  light: { page: "#ffffff", text: "#1f2328", quiet: "#59636e", grid: "#e4e8ec", ours: "#326ce5", other: "#a9b6c9" },
  dark: { page: "#0d1117", text: "#e6edf3", quiet: "#9198a1", grid: "#262c36", ours: "#4f8cff", other: "#5b6675" },
} as const;
const goalColors = { light: "#c8102e", dark: "#ffb000" } as const;

const kinds = { ours: "this function", other: "what it is compared with", goal: "goal, at most" } as const;

/** Pixels: the bars begin where the longest name of a variant ends. */
const namesWidth = 262;
const barsWidth = 440;
const mostRatio = 5.5;
/** The width of a label on the scale, with the space around it. */
const labelWidth = 0.75;

/** The position of a label: after its bar, and after the lines at 1 and at the goal that would cross the label. */
const labelAt = ({ ratio = 0, goal = 0 }: Row): number =>
  [1, goal].toSorted().reduce((at, line) => (line > at && line < at + labelWidth ? line : at), ratio);

const x = {
  type: "quantitative" as const,
  title: null,
  scale: { domain: [0, mostRatio] },
  axis: { values: [0, 1, 2, 3, 4, 5], labels: false, ticks: false, domain: false },
};

const panelOf =
  (theme: Theme) =>
  ({ title, against, rows }: Figures) => {
    const { text, quiet, ours, other } = themes[theme];
    const color = {
      type: "nominal" as const,
      scale: { domain: Object.values(kinds), range: [ours, other, goalColors[theme]] },
      legend: { orient: "top", title: null, labelLimit: 0, symbolOpacity: 1, symbolSize: 120, offset: 14 },
    };
    const bars = rows.filter(({ ratio }) => ratio !== undefined);
    return {
      title: { text: title, subtitle: `as a multiple of ${against}` },
      data: {
        values: bars.map((row) => ({ ...row, kind: row.peer ? kinds.other : kinds.ours, labelAt: labelAt(row) })),
      },
      width: barsWidth,
      height: { step: 21 },
      encoding: {
        y: {
          field: "variant",
          type: "nominal",
          sort: null,
          title: null,
          axis: { ticks: false, domain: false, labelAlign: "left", labelPadding: namesWidth, labelLimit: 400 },
        },
      },
      layer: [
        { mark: { type: "rule", color: quiet, strokeDash: [2, 2] }, encoding: { x: { ...x, datum: 1 }, y: null } },
        {
          mark: { type: "bar", height: 14 },
          encoding: { x: { ...x, field: "ratio" }, color: { ...color, field: "kind" } },
        },
        {
          transform: [{ filter: "isValid(datum.goal)" }],
          mark: { type: "tick", thickness: 3, height: 19, opacity: 1 },
          encoding: { x: { ...x, field: "goal" }, color: { ...color, datum: kinds.goal } },
        },
        {
          transform: [{ calculate: "datum.ratio + ' x'", as: "label" }],
          mark: { type: "text", align: "left", dx: 6, fontSize: 11.5, color: text },
          encoding: { x: { ...x, field: "labelAt" }, text: { field: "label" } },
        },
      ],
    };
  };

/**
 * Draws the ratios of benchmarks, one below the other: a dashed line at 1, a thick one at each goal. SVG.
 *
 * @param theme of the page that shows the chart
 */
export const chartOf = (benchmarks: readonly Figures[], theme: Theme): Promise<string> => {
  const { page, text, quiet, grid } = themes[theme];
  const spec = {
    background: page,
    padding: 10,
    spacing: 16,
    vconcat: benchmarks.map(panelOf(theme)),
    resolve: { scale: { color: "shared" }, legend: { color: "shared" } },
    config: {
      font: "Helvetica, Arial, DejaVu Sans, sans-serif",
      title: {
        ...{ anchor: "start", frame: "group", dx: -namesWidth, offset: 8, color: text, fontSize: 13 },
        ...{ subtitleColor: quiet, subtitleFontSize: 11.5, subtitlePadding: 4 },
      },
      axis: { labelColor: text, labelFontSize: 11.5, gridColor: grid },
      legend: { labelColor: text, labelFontSize: 12 },
      view: { stroke: null },
    },
  };
  return new View(parse(compile(spec as TopLevelSpec).spec), { renderer: "none" }).toSVG();
};
