/**
 * From whatever the last process left to a worker that may go on. In this order:
 *  1. the head of the state (opening the store took the lock), and whether this process may use it;
 *  2. fence, then read progress: now nothing of an earlier process is under way, and nothing can be added;
 *  3. compare both (verdict.ts) and the inputs' watermarks, before anything is written;
 *  4. send what was fixed and not published, or restore what the topics know better;
 *  5. a new epoch, the engine, the reading positions.
 */

import type { Config } from "../config/keys.ts";
import { settingsDigest, settingsOf } from "../config.ts";
import type { Engine } from "../core/engine.ts";
import { AppError } from "../errors.ts";
import type { StepHead, StoredHead } from "../state/store.ts";
import type { Watermark } from "../transport/transport.ts";
import { checkSignal, NO_SIGNAL } from "./grace.ts";
import { loadEngine } from "./load.ts";
import type { Ports } from "./ports.ts";
import { reached } from "./positions.ts";
import { decodeProgress, type Progress } from "./progress.ts";
import { publishOutbox, takeOver } from "./publish.ts";
import { NO_COUNTS } from "./report.ts";
import { restore } from "./restore.ts";
import { StartHelp } from "./start-help.ts";
import { checkedPositions, checkWhole, judge, type Verdict } from "./verdict.ts";

export interface Recovered {
  readonly engine: Engine;
  readonly standing: StepHead;
  readonly verdict: Verdict;
  /** What the last progress record says is pending. */
  readonly pendingTold: number;
}

/**
 * Throws AppError: "state" for a state that cannot be trusted, "config" for changed settings, "fenced", "transport"; and
 * an AbortError at the signal.
 */
export async function recover(
  ports: Ports,
  acceptConfigChange: boolean,
  signal: AbortSignal = NO_SIGNAL,
): Promise<Recovered> {
  const { config, store, transport, log } = ports;
  const head = await store.readHead();
  checkOwner(head, config, acceptConfigChange);

  await transport.open();
  checkSignal(signal);
  await takeOver(transport);
  const bytes = await transport.readProgress();
  const progress = bytes === null ? null : decodeProgress(bytes);
  const verdict = judge(head, progress, bytes);
  log.info({ verdict, step: head?.step ?? 0, published: progress?.step ?? 0 }, "state and topics compared");

  const watermarks = await transport.inputWatermarks();
  const before = standingBefore(head, watermarks);
  if (verdict === "unpublished" && head?.outbox) await publishOutbox(transport, head.outbox, log, signal);
  if (verdict === "restore" && progress) checkRestorable(head, progress, watermarks);

  const epoch = Math.max(before.epoch, progress?.epoch ?? 0) + 1;
  await store.beginEpoch(config.engine, epoch, settingsDigest(settingsOf(config)));
  const help = new StartHelp(log);
  let standing = { ...before, epoch };
  let engine: Engine;
  try {
    engine = await loadEngine(config.data, store, settingsOf(config), head, (each) => {
      // A restore goes on to read inputs, which change people.
      if (verdict !== "restore") help.plantAhead(each);
    });
    if (verdict === "restore" && progress) standing = await restore(ports, engine, standing, progress);
    else await help.start(engine, standing.clockMinute, signal);
  } finally {
    await help.end();
  }
  await transport.seek(standing.positions);
  const last = verdict === "unpublished" && head?.outbox ? decodeProgress(head.outbox.progress) : progress;
  return { engine, standing, verdict, pendingTold: last?.pending ?? 0 };
}

function checkOwner(head: StoredHead | null, config: Config, acceptConfigChange: boolean): void {
  if (head === null) return;
  if (head.engine !== config.engine) {
    throw new AppError(
      "state",
      `the state in ${config.data} belongs to engine ${head.engine}, not to ${config.engine}`,
      "set `engine` back, or use another `data` folder",
    );
  }
  if (acceptConfigChange || head.configDigest === null || head.configDigest === settingsDigest(settingsOf(config)))
    return;
  throw new AppError(
    "config",
    "settings that change results differ from those the state was computed with",
    "set them back, or start with --accept-config-change: the view is rebuilt and the difference published",
  );
}

/** What the state holds, with its positions checked, its last step published; from nothing: the oldest records. */
function standingBefore(head: StoredHead | null, watermarks: readonly Watermark[]): StepHead {
  const positions = checkedPositions(head?.positions ?? new Map(), watermarks);
  if (head === null) return { epoch: 0, step: 0, clockMinute: 0, positions, counts: NO_COUNTS };
  const { epoch, step, clockMinute, counts } = head;
  return { epoch, step, clockMinute, positions, counts };
}

/** A state that is behind is continued from where it stands; a lost one only from inputs that are whole. */
function checkRestorable(head: StoredHead | null, progress: Progress, watermarks: readonly Watermark[]): void {
  checkedPositions(progress.positions, watermarks);
  if (head === null || head.positions.size === 0) checkWhole(watermarks);
  else if (!reached(progress.positions, head.positions)) throw overtaken(progress);
}

/** Another worker published from a copy of this state, while this one had read further: its tables cannot be taken back. */
function overtaken(progress: Progress): AppError {
  return new AppError(
    "state",
    `another worker published step ${progress.step}, and this state has read inputs that the other one had not`,
    "run `corollary rebuild`: it makes the state anew from the inputs and the published topics",
  );
}
