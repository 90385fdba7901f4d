/**
 * No repeat, no hole: the places `engine.epoch.step.seq` of all records against the progress records. Steps count up by
 * one; within a step the numbers over all topics and partitions are 0, 1, 2 … up to what its progress record says; within
 * a partition the order is that of the places.
 */
import type { StreamedRecord } from "../support/console-stream.ts";

const PROBLEMS_MAX = 20;

export interface SequenceFindings {
  readonly steps: number;
  readonly records: number;
  readonly epochs: number;
  readonly lost: number;
  readonly repeated: number;
  readonly problems: readonly string[];
}

interface StepProgress {
  readonly engine: string;
  readonly epoch: number;
  readonly step: number;
  readonly records: number;
}

export class Sequence {
  readonly #progress: StepProgress[] = [];
  /** step → epoch and numbers seen, in the order of reading */
  readonly #seen = new Map<number, { readonly epochs: Set<string>; readonly seqs: number[] }>();
  readonly #lastPlace = new Map<string, readonly [step: number, seq: number]>();
  readonly #problems: string[] = [];
  #records = 0;
  #lost = 0;
  #repeated = 0;

  takeProgress({ value }: StreamedRecord): void {
    if (value !== null) this.#progress.push(JSON.parse(value.toString()) as StepProgress);
  }

  take({ topic, partition, offset, headers }: StreamedRecord): void {
    this.#records++;
    const match = /^(.*)\.(\d+)\.(\d+)\.(\d+)$/.exec(headers["cor"] ?? "");
    if (match === null) return this.#problem(`${topic}/${partition} offset ${offset} has no place`);
    const [step, seq] = [Number(match[3]), Number(match[4])];
    const seen = this.#seen.get(step) ?? { epochs: new Set<string>(), seqs: [] };
    this.#seen.set(step, seen);
    seen.epochs.add(`${match[1]}.${match[2]}`);
    seen.seqs.push(seq);
    const key = `${topic}/${partition}`;
    const [lastStep, lastSeq] = this.#lastPlace.get(key) ?? [0, -1];
    if (step < lastStep || (step === lastStep && seq <= lastSeq))
      this.#problem(`${key} offset ${offset}: ${step}.${seq} comes after ${lastStep}.${lastSeq}`);
    this.#lastPlace.set(key, [step, seq]);
  }

  findings(): SequenceFindings {
    let [step, epoch] = [0, 0];
    for (const progress of this.#progress) {
      if (progress.step <= step) this.#repeat(1, `step ${progress.step} was published after step ${step}`);
      else if (progress.step > step + 1)
        this.#loss(progress.step - step - 1, `no steps ${step + 1} to ${progress.step - 1}`);
      if (progress.epoch < epoch) this.#problem(`step ${progress.step} has epoch ${progress.epoch} after ${epoch}`);
      step = Math.max(step, progress.step);
      epoch = progress.epoch;
      this.#checkStep(progress);
    }
    for (const extra of this.#seen.keys()) this.#problem(`step ${extra} has records and no progress`);
    return {
      steps: this.#progress.length,
      records: this.#records,
      epochs: new Set(this.#progress.map((progress) => progress.epoch)).size,
      lost: this.#lost,
      repeated: this.#repeated,
      problems: this.#problems,
    };
  }

  #checkStep({ engine, epoch, step, records }: StepProgress): void {
    const { epochs, seqs } = this.#seen.get(step) ?? { epochs: new Set<string>(), seqs: [] };
    this.#seen.delete(step);
    const distinct = new Set(seqs);
    if (distinct.size < seqs.length) this.#repeat(seqs.length - distinct.size, `step ${step} repeats places`);
    const missing = Array.from({ length: records }, (_, seq) => seq).filter((seq) => !distinct.has(seq));
    if (missing.length > 0)
      this.#loss(missing.length, `step ${step} of ${records} records lacks ${missing.slice(0, 5).join()}`);
    if (distinct.size + missing.length > records) this.#problem(`step ${step} has more than its ${records} records`);
    for (const name of epochs)
      if (name !== `${engine}.${epoch}`) this.#problem(`step ${step} of ${name}, not ${epoch}`);
  }

  #loss(count: number, problem: string): void {
    this.#lost += count;
    this.#problem(problem);
  }

  #repeat(count: number, problem: string): void {
    this.#repeated += count;
    this.#problem(problem);
  }

  #problem(text: string): void {
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push(text);
  }
}
