/**
 * The order of side effects: poll → decode → step → commit → publish, and again (`#turn` is the whole of it).
 *  1. A step is fixed by one commit of the store, then published by one transaction of the transport; the next step is
 *     not committed before its outcome is certain.
 *  2. While much waits, the next step's records are read between commit and publish, and its step is worked out, and
 *     written to the store, while the publish is under way: that takes effect when the outcome is certain, or never.
 *  3. The engine runs ahead of the store: after an error the worker is of no more use. It must be closed; the next
 *     start goes on from what is stored.
 */
import { setImmediate as eventLoop } from "node:timers/promises";
import { settingsDigest, settingsOf } from "../config.ts";
import { Deferred } from "../core/deferred.ts";
import type { Engine } from "../core/engine.ts";
import type { Delta } from "../events/delta.ts";
import type { InputCounts, Outbox, StepCommit, StepHead } from "../state/store.ts";
import type { AppendRecord } from "../transport/transport.ts";
import { CatchUp, SMALL_BACKLOG } from "./catch-up.ts";
import { ChoosingThread } from "./choosing-thread.ts";
import { minuteOf } from "./clock.ts";
import { Forgetting } from "./event-ids.ts";
import { writeEvidence } from "./evidence-file.ts";
import { isAbort, NO_SIGNAL, withinGrace } from "./grace.ts";
import { deliverInbox, inboxFolder } from "./inbox.ts";
import { type Batch, countsOf, readBatch, rejectsOf } from "./intake.ts";
import { outboxBytes } from "./outbox.ts";
import { closePorts, type Ports } from "./ports.ts";
import { lagBehind } from "./positions.ts";
import { publishFixed } from "./publish.ts";
import { Publisher } from "./publisher.ts";
import type { Recovered } from "./recovery.ts";
import { RejectRate } from "./rejects.ts";
import { addReport, EMPTY_SUMMARY, type StepReport, type Summary } from "./report.ts";
import { fixOutbox, hasNoEffect, standingOf, stepCommit } from "./step-commit.ts";
import { StepSize } from "./step-size.ts";

/** Longest wait of a poll, whatever `step.waitMs` says: SIGTERM and the inbox are looked at in between. */
const WAIT_MAX_MS = 1_000;

/** What a step is worked out from. */
interface StepInput {
  readonly batch: Batch;
  readonly catchUp: boolean;
  /** More waits behind it than a short step could take. */
  readonly isLong: boolean;
  readonly readAtMs: number;
}

interface FixedStep extends StepInput {
  readonly commit: StepCommit;
  /** Made while the step is committed. */
  readonly outbox: Deferred<Outbox>;
  readonly deltas: readonly Delta[];
  readonly counts: InputCounts;
  readonly pending: number;
  readonly engineMs: number;
}

export class Worker {
  readonly engine: Engine;
  readonly #ports: Ports;
  /** Helps with the first looks; null: they are few. */
  readonly #choosing: ChoosingThread | null;
  readonly #configDigest: string;
  readonly #publisher: Publisher;
  readonly #catchUp: CatchUp;
  readonly #stepSize: StepSize;
  readonly #forgetting: Forgetting;
  readonly #rejectRate: RejectRate;
  readonly #listeners: ((report: StepReport) => void)[] = [];
  #standing: StepHead;
  /** What the last progress record says, or that of the step under way. */
  #pendingTold: number;
  #summary = EMPTY_SUMMARY;
  #backlogMayHaveGrown = true;
  /** Records of the last steps, each of which was given as many as it asked for. */
  #readInARow = 0;
  #failure: { readonly error: unknown } | null = null;

  constructor(ports: Ports, recovered: Recovered) {
    const { config } = ports;
    this.engine = recovered.engine;
    this.#ports = ports;
    this.#choosing = ChoosingThread.begin(recovered.engine, ports.log);
    this.#standing = recovered.standing;
    this.#pendingTold = recovered.pendingTold;
    this.#configDigest = settingsDigest(settingsOf(config));
    this.#publisher = new Publisher(config, ports.transport, ports.schemas);
    this.#catchUp = new CatchUp(config.catchUpLag);
    this.#stepSize = new StepSize(config.step);
    this.#forgetting = new Forgetting(config.dedupDays);
    this.#rejectRate = new RejectRate(config);
  }

  /** Where the state stands, once the steps under way are done: step, clock, positions and totals. */
  get standing(): StepHead {
    return this.#standing;
  }

  /** Works until the signal. What is under way is finished first, if it can be within 5 s; else the next start does it. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) await this.#heed(signal, () => this.#turn(signal));
  }

  /** Works until all that can be read is applied and published, and nothing is pending; or until the signal. */
  async runUntilQuiet(signal: AbortSignal = NO_SIGNAL): Promise<Summary> {
    while (!signal.aborted) {
      if (await this.#heed(signal, () => this.#turn(signal))) continue;
      if (signal.aborted || (await this.#heed(signal, () => this.#isQuiet()))) break;
    }
    return this.#summary;
  }

  /** Appends to the input log. A source that was appended before adds nothing. Durable when it resolves. */
  async submit(source: string, records: readonly AppendRecord[]): Promise<void> {
    await this.#ports.transport.append(source, records);
    this.#backlogMayHaveGrown = true;
  }

  /** All immaterial drift is published with the next steps. */
  reconcile(): void {
    this.engine.reconcile();
  }

  /** Called after every published step, in order. */
  onStep(listener: (report: StepReport) => void): void {
    this.#listeners.push(listener);
  }

  /** To be called when `run` or `runUntilQuiet` has ended. */
  async close(): Promise<void> {
    try {
      await this.#choosing?.close();
      if (this.#failure === null) await this.#keepEvidence();
    } finally {
      await closePorts(this.#ports);
    }
  }

  /** Steps until there is nothing to do at once. true: at least one was committed and published. */
  async #turn(signal: AbortSignal): Promise<boolean> {
    const { store, transport, log, now } = this.#ports;
    const first = this.#workOut(await this.#read(this.#waitMs()));
    let freeAtMs = first?.readAtMs ?? 0;
    let committed = first && store.commit(first.commit);
    for (let step = first, next: FixedStep | null; step !== null; step = next) {
      await committed;
      const ahead = step.isLong && !signal.aborted ? await this.#read(0) : null;
      const published = publishFixed(transport, step.outbox.value, log, signal);
      // Heard below. A failure of the next step may come first.
      published.catch(() => undefined);
      next = ahead && this.#workOut(ahead);
      committed = next && store.commit(next.commit, published);
      await afterBoth(published, committed);
      this.#conclude(step, freeAtMs);
      freeAtMs = now();
      await eventLoop();
    }
    return first !== null;
  }

  async #read(waitMs: number): Promise<StepInput> {
    const { store, transport, schemas, now, config } = this.#ports;
    await this.#lookAtBacklog();
    const recordsMax = this.#stepSize.recordsMax(this.#catchUp.active);
    const records = await transport.poll(recordsMax, config.step.bytesMax, waitMs);
    this.#catchUp.observe(transport.positions());
    this.#readInARow = records.length < recordsMax ? 0 : this.#readInARow + records.length;
    this.#backlogMayHaveGrown ||= this.#readInARow >= SMALL_BACKLOG;
    const readAtMs = now();
    const batch = await readBatch(records, schemas, store, config.dedupDays);
    const catchUp = this.#catchUp.active;
    return { batch, catchUp, isLong: this.#stepSize.isLong(records.length, catchUp), readAtMs };
  }

  /** null: nothing comes of it. */
  #workOut(input: StepInput): FixedStep | null {
    const { config, transport, now } = this.#ports;
    const { batch, catchUp } = input;
    const engineStartMs = now();
    const result = this.engine.step({
      clockMinute: minuteOf(engineStartMs),
      events: batch.events,
      admit: batch.ids.admit,
      budgetRecords: this.#stepSize.budgetRecords(batch.records.length),
      catchUp,
    });
    const engineMs = now() - engineStartMs;
    const pending = this.engine.pendingCount();
    const endsPending = pending === 0 && this.#pendingTold > 0;
    if (hasNoEffect(batch, result) && !endsPending) return null;

    const before = this.#standing;
    const positions = transport.positions();
    const numbers = { epoch: before.epoch, step: before.step + 1, positions, publishedStep: before.step };
    const rejects = rejectsOf(batch, result.outcomes);
    this.#rejectRate.count(rejects, result.clockMinute);
    const { deltas } = result;
    const output = { ...numbers, ...result, inputs: batch.records, rejects };
    const facts = {
      engine: config.engine,
      clockMinute: result.clockMinute,
      pending,
      configDigest: this.#configDigest,
    };
    const outbox = new Deferred(() => fixOutbox(numbers, this.#publisher.records(output), facts));
    const commit = stepCommit(before, numbers, batch, result, this.#forgetting.before, () => outbox.value);
    this.#standing = standingOf(commit);
    this.#pendingTold = pending;
    const counts = countsOf(batch, result.outcomes);
    return { ...input, commit, outbox, deltas, counts, pending, engineMs };
  }

  /** `freeAtMs`: when the step before was done. */
  #conclude(step: FixedStep, freeAtMs: number): void {
    const { batch, catchUp, readAtMs, commit, outbox, deltas, counts, pending, engineMs } = step;
    const doneAtMs = this.#ports.now();
    const { epoch, clockMinute } = commit;
    const records = batch.records.length;
    const totalMs = doneAtMs - readAtMs;
    this.#tell({ epoch, step: commit.step, clockMinute, records, deltas, counts, pending, catchUp, engineMs, totalMs });
    this.#forgetting.observe(batch.records, clockMinute);
    const outputBytes = outboxBytes(outbox.value.chunks);
    this.#stepSize.learn({ catchUp, records, outputRecords: deltas.length, outputBytes, totalMs: doneAtMs - freeAtMs });
  }

  #tell(report: StepReport): void {
    this.#summary = addReport(this.#summary, report);
    for (const listener of this.#listeners) listener(report);
  }

  async #lookAtBacklog(): Promise<void> {
    const { config, transport, log } = this.#ports;
    const delivered = await deliverInbox(inboxFolder(config.data), transport, log);
    const mayForget = this.#forgetting.isDue && !this.#catchUp.active;
    if (delivered === 0 && !this.#backlogMayHaveGrown && !mayForget) return;
    this.#backlogMayHaveGrown = false;
    this.#readInARow = 0;
    const watermarks = await transport.inputWatermarks();
    this.#catchUp.consider(transport.positions(), watermarks, this.#standing.counts.applied);
    this.#forgetting.consider(transport.positions(), watermarks);
  }

  async #keepEvidence(): Promise<void> {
    const { config, log } = this.#ports;
    const { epoch, step } = this.#standing;
    try {
      await writeEvidence(config.data, { engine: config.engine, epoch, step }, this.engine.keptEvidence());
    } catch (error) {
      log.warn({ err: error }, "published evidence could not be kept: the next start tells some pairs anew");
    }
  }

  #waitMs(): number {
    const hasMoreToTell = this.engine.pendingCount() > 0 && !this.#catchUp.active;
    return hasMoreToTell ? 0 : Math.min(this.#ports.config.step.waitMs, WAIT_MAX_MS);
  }

  async #isQuiet(): Promise<boolean> {
    const { transport } = this.#ports;
    if (this.engine.pendingCount() > 0 || this.#catchUp.active) return false;
    return lagBehind(transport.positions(), await transport.inputWatermarks()) === 0;
  }

  /** false, and the worker is of no more use, when the work does not end in time after the signal. */
  async #heed(signal: AbortSignal, work: () => Promise<boolean>): Promise<boolean> {
    if (this.#failure !== null) throw this.#failure.error;
    try {
      return await withinGrace(signal, work());
    } catch (error) {
      this.#failure = { error };
      if (!signal.aborted || !isAbort(error)) throw error;
      this.#ports.log.warn("ended in the middle of a step; the next start finds out what became of it");
      return false;
    }
  }
}

/** As `work`; but when it fails, not before `dependent` has failed, too, because of it. */
async function afterBoth(work: Promise<void>, dependent: Promise<void> | null): Promise<void> {
  // Heard by the caller.
  dependent?.catch(() => undefined);
  await work.catch(async (error) => {
    await dependent?.catch(() => undefined);
    throw error;
  });
}
