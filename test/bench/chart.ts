import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Figures } from "./figures.ts";

const x = { field: "ratio", type: "quantitative", title: null } as const;

const panelOf = ({ title, against, rows }: Figures) => {
  const bars = rows.filter(({ ratio }) => ratio !== undefined);
  return {
    title: { text: title, subtitle: `as a multiple of ${against}` },
    data: { values: bars.map(({ variant, ratio, goal, peer = false }) => ({ variant, ratio, goal, peer })) },
    width: 380,
    height: { step: 20 },
    encoding: {
      y: {
        field: "variant",
        type: "nominal",
        sort: null,
        title: null,
        axis: { ticks: false, domain: false, labelLimit: 400, labelFontSize: 11 },
      },
    },
    layer: [
      {
        mark: { type: "bar", height: 13 },
        encoding: {
          x,
          color: { condition: { test: "datum.peer", value: "#b3bfd1" }, value: "#326ce5" },
        },
      },
      {
        transform: [{ calculate: "datum.ratio + ' x'", as: "label" }],
        mark: { type: "text", align: "left", dx: 5, fontSize: 11 },
        encoding: { x, text: { field: "label" } },
      },
      {
        transform: [{ filter: "isValid(datum.goal)" }],
        mark: { type: "tick", color: "#d62728", thickness: 2, height: 17 },
        encoding: { x: { ...x, field: "goal" } },
      },
    ],
  };
};

/** Draws the ratios of benchmarks, one below the other, with a red line at each goal. SVG. */
export const chartOf = (benchmarks: readonly Figures[]): Promise<string> => {
  const spec = {
    background: "white",
    padding: 10,
    vconcat: benchmarks.map(panelOf),
    resolve: { scale: { x: "shared" } },
    config: {
      font: "sans-serif",
      title: { anchor: "start", frame: "group", fontSize: 12, subtitleFontSize: 11, subtitleColor: "#555", offset: 6 },
      view: { stroke: null },
    },
  };
  return new View(parse(compile(spec as TopLevelSpec).spec), { renderer: "none" }).toSVG();
};
