import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Figures, Row } from "./figures.ts";

type Bar = Pick<Row, "variant" | "ratio" | "goal">;

const x = { field: "ratio", type: "quantitative", title: null } as const;

const barsOf = ({ title, rows }: Figures): { readonly title: string; readonly bars: readonly Bar[] } => {
  const compared = rows.filter(({ ratio }) => ratio !== undefined);
  const bases = new Set(compared.map(({ of }) => of));
  const [base] = bases;
  // Where each row has a base of its own, the row says what it is compared with.
  return {
    title: bases.size === 1 ? `${title}, as a multiple of: ${base}` : title,
    bars: compared.map(({ variant, of, ...rest }) => ({
      ...rest,
      variant: bases.size === 1 ? variant : `${variant} / ${of}`,
    })),
  };
};

const panelOf = (figures: Figures) => {
  const { title, bars } = barsOf(figures);
  return {
    title,
    data: { values: [...bars] },
    width: 380,
    height: { step: 20 },
    encoding: {
      y: {
        field: "variant",
        type: "nominal",
        sort: null,
        title: null,
        axis: { ticks: false, domain: false, labelLimit: 380, labelFontSize: 11 },
      },
    },
    layer: [
      {
        mark: { type: "bar", height: 13 },
        encoding: {
          x,
          color: { condition: { test: "indexof(datum.variant, 'a') !== 0", value: "#326ce5" }, value: "#9fb1cc" },
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
    config: { font: "sans-serif", title: { anchor: "start", fontSize: 12 }, view: { stroke: null } },
  };
  return new View(parse(compile(spec as TopLevelSpec).spec), { renderer: "none" }).toSVG();
};
