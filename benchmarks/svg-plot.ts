/** Small line plots with logarithmic axes, side by side in one SVG. */

export interface Plot {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly Series[];
  /** A dashed line from the first point of the first series: how much more a tenfold size may cost. */
  readonly allowedADecade?: number;
}

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

/** [size, cost], both above 0. */
export type Point = readonly [x: number, y: number];

const WIDTH = 420;
const HEIGHT = 280;
const MARGIN = { left: 62, right: 24, top: 52, bottom: 42 };
const COLUMNS = 2;
const COLOURS = ["#1f5fa8", "#b4551d", "#2f7d4f"];
const FONT = 'font-family="sans-serif"';

export function svgOf(title: string, plots: readonly Plot[]): string {
  const rows = Math.ceil(plots.length / COLUMNS);
  const [width, height] = [WIDTH * COLUMNS, HEIGHT * rows + 30];
  const body = plots.map((plot, i) => {
    const [x, y] = [(i % COLUMNS) * WIDTH, Math.floor(i / COLUMNS) * HEIGHT + 30];
    return `<g transform="translate(${x} ${y})">\n${drawn(plot)}\n</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<rect width="${width}" height="${height}" fill="white"/>
<text x="${width / 2}" y="22" text-anchor="middle" ${FONT} font-size="15">${escaped(title)}</text>
${body.join("\n")}
</svg>
`;
}

function drawn(plot: Plot): string {
  const points = plot.series.flatMap((series) => series.points);
  const allowed = allowedLine(plot, Math.max(...points.map(([x]) => x)));
  const x = scale(
    points.map(([value]) => value),
    MARGIN.left,
    WIDTH - MARGIN.right,
  );
  const y = scale(
    [...points, ...allowed].map(([, value]) => value),
    HEIGHT - MARGIN.bottom,
    MARGIN.top,
  );
  const path = (line: readonly Point[]): string =>
    line.map(([a, b]) => `${at(x.place(a))},${at(y.place(b))}`).join(" ");
  const parts = [
    `<text x="${MARGIN.left}" y="20" ${FONT} font-size="13">${escaped(plot.title)}, ${escaped(plot.unit)}</text>`,
  ];
  for (const tick of x.ticks) {
    const place = at(x.place(tick));
    parts.push(`<line x1="${place}" x2="${place}" y1="${MARGIN.top}" y2="${HEIGHT - MARGIN.bottom}" stroke="#ddd"/>`);
    parts.push(label(place, HEIGHT - MARGIN.bottom + 16, "middle", short(tick)));
  }
  for (const tick of y.ticks) {
    const place = at(y.place(tick));
    parts.push(`<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${place}" y2="${place}" stroke="#ddd"/>`);
    parts.push(label(MARGIN.left - 6, place + 4, "end", short(tick)));
  }
  parts.push(label((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 8, "middle", "people"));
  if (allowed.length > 0) {
    parts.push(`<polyline points="${path(allowed)}" fill="none" stroke="#888" stroke-dasharray="5 4"/>`);
  }
  for (const [i, { name, points: line }] of plot.series.entries()) {
    const colour = COLOURS[i % COLOURS.length]!;
    parts.push(`<polyline points="${path(line)}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    for (const [a, b] of line) {
      parts.push(`<circle cx="${at(x.place(a))}" cy="${at(y.place(b))}" r="3" fill="${colour}"/>`);
      parts.push(label(at(x.place(a)), at(y.place(b)) - 7, "middle", short(b), colour));
    }
    parts.push(label(MARGIN.left + i * 110, 38, "start", name, colour));
  }
  if (allowed.length > 0) {
    parts.push(label(MARGIN.left + plot.series.length * 110, 38, "start", `${plot.allowedADecade}× a decade`, "#888"));
  }
  return parts.join("\n");
}

function allowedLine({ series, allowedADecade }: Plot, xMax: number): Point[] {
  const first = series[0]?.points[0];
  if (allowedADecade === undefined || first === undefined || first[0] === xMax) return [];
  return [first, [xMax, first[1] * allowedADecade ** Math.log10(xMax / first[0])]];
}

interface Scale {
  readonly ticks: readonly number[];
  readonly place: (value: number) => number;
}

/** Powers of ten around the values. */
function scale(values: readonly number[], from: number, to: number): Scale {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    ticks: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)),
    place: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from),
  };
}

const label = (x: number, y: number, anchor: string, text: string, colour = "#333"): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" ${FONT} font-size="11" fill="${colour}">${escaped(text)}</text>`;

const at = (value: number): number => Math.round(value * 10) / 10;

function short(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  if (value >= 1e4) return `${Number((value / 1e3).toPrecision(3))} k`;
  return String(Number(value.toPrecision(3)));
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
