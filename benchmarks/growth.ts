/** What cost against size looks like: the figures of `bench:core` at several sizes, and the plot of them. */
import { type Plot, type Point, svgOf } from "./svg-plot.ts";

/** What is taken from the report of `bench:core`. */
export interface CoreReport {
  readonly options: { readonly assignments: number };
  readonly figures: {
    readonly load: { readonly cpuSeconds: number };
    readonly start: { readonly cpuSeconds: number };
    readonly startPeakBytes: number;
    readonly workloadPeakBytes: number;
    readonly contract: string;
    readonly faults: readonly string[];
    readonly workload: {
      readonly seconds: number;
      readonly cpuSeconds: number;
      readonly eventsPerSecond: number;
      readonly eventsPerCpuSecond: number;
      readonly deltasPerEvent: number;
      readonly looksPerEvent: number;
      readonly wholeStep: { readonly all: { readonly p99Ms: number } };
      readonly directLane: { readonly all: { readonly p99Ms: number } };
    };
  };
}

export interface SizeFigures {
  readonly assignments: number;
  readonly eventsPerSecond: number;
  readonly wallMsAnEvent: number;
  readonly cpuMsAnEvent: number;
  readonly looksAnEvent: number;
  readonly deltasAnEvent: number;
  readonly wholeStepP99Ms: number;
  readonly directLaneP99Ms: number;
  /** Rows in memory → tables, counters, everything ready to tell. */
  readonly startCpuSeconds: number;
  readonly startPeakBytes: number;
  readonly peakBytes: number;
  readonly contract: string;
}

export function sizeFigures({ options, figures }: CoreReport): SizeFigures {
  const { workload } = figures;
  const round = (value: number): number => Number(value.toPrecision(4));
  return {
    assignments: options.assignments,
    eventsPerSecond: workload.eventsPerSecond,
    wallMsAnEvent: round(1000 / workload.eventsPerSecond),
    cpuMsAnEvent: round(1000 / workload.eventsPerCpuSecond),
    looksAnEvent: workload.looksPerEvent,
    deltasAnEvent: workload.deltasPerEvent,
    wholeStepP99Ms: workload.wholeStep.all.p99Ms,
    directLaneP99Ms: workload.directLane.all.p99Ms,
    startCpuSeconds: round(figures.load.cpuSeconds + figures.start.cpuSeconds),
    startPeakBytes: figures.startPeakBytes,
    peakBytes: figures.workloadPeakBytes,
    contract: figures.contract,
  };
}

/** Growth from each size to the next, as a factor for ten times the people. */
export function growthADecade(sizes: ReadonlyMap<number, SizeFigures>): object[] {
  const known = [...sizes].sort(([a], [b]) => a - b);
  return known.slice(1).map(([people, after], i) => {
    const [peopleBefore, before] = known[i]!;
    const decades = Math.log10(people / peopleBefore);
    const factor = (pick: (figures: SizeFigures) => number): number =>
      Number(((pick(after) / pick(before)) ** (1 / decades)).toPrecision(3));
    return {
      from: peopleBefore,
      to: people,
      wallMsAnEvent: factor((figures) => figures.wallMsAnEvent),
      cpuMsAnEvent: factor((figures) => figures.cpuMsAnEvent),
      looksAnEvent: factor((figures) => figures.looksAnEvent),
    };
  });
}

/** The floor of the target: time and re-scored pairs an event may grow by this much for ten times the people. */
const ALLOWED_A_DECADE = 1.5;

export function growthPlot(sizes: ReadonlyMap<number, SizeFigures>): string {
  const known = [...sizes].sort(([a], [b]) => a - b);
  const points = (pick: (figures: SizeFigures) => number): Point[] =>
    known.map(([people, figures]): Point => [people, pick(figures)]);
  const plots: Plot[] = [
    {
      title: "An event of workload W",
      unit: "ms of processor time, mean",
      series: [{ name: "whole step", points: points(({ cpuMsAnEvent }) => cpuMsAnEvent) }],
      allowedADecade: ALLOWED_A_DECADE,
    },
    {
      title: "Pairs an event",
      unit: "mean",
      series: [
        { name: "re-scored", points: points(({ looksAnEvent }) => looksAnEvent) },
        { name: "told", points: points(({ deltasAnEvent }) => deltasAnEvent) },
      ],
      allowedADecade: ALLOWED_A_DECADE,
    },
    {
      title: "Start from rows",
      unit: "s of processor time",
      series: [{ name: "load and count", points: points(({ startCpuSeconds }) => startCpuSeconds) }],
    },
    {
      title: "Peak memory of the process",
      unit: "MB",
      series: [{ name: "whole run", points: points(({ peakBytes }) => peakBytes / 1e6) }],
    },
  ];
  return svgOf("The core, by size of the company", plots);
}
