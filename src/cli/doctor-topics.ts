/** `doctor`: the topics, and whether state, topics and backup still belong together. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/keys.ts";
import type { StoredHead } from "../state/store.ts";
import type { TopicFacts } from "../transport/kafka/topics.ts";
import type { Positions, Transport, Watermark } from "../transport/transport.ts";
import { DAY_MINUTES, MINUTE_MS, systemNow } from "../worker/clock.ts";
import { journalFolder } from "../worker/open-transport.ts";
import { lagBehind, positionOf, positionsFromJson } from "../worker/positions.ts";
import { decodeProgress, type Progress } from "../worker/progress.ts";
import { checkedPositions, checkWhole, judge } from "../worker/verdict.ts";
import type { StateFindings } from "./doctor-state.ts";
import type { Subject } from "./examination.ts";
import { lastBackup } from "./last-backup.ts";
import type { Session } from "./session.ts";

const DAY_MS = DAY_MINUTES * MINUTE_MS;

/** By topic; empty on the journal, which keeps everything. null: what is there cannot be read from. */
export async function examineTopics(
  subject: Subject,
  session: Session,
): Promise<ReadonlyMap<string, TopicFacts> | null> {
  if (session.config.transport === "journal") return examineJournal(subject, session.config);
  const { topicReport } = await import("./kafka-topics.ts");
  const { facts, problems, warnings } = await topicReport(session);
  subject.facts["topics"] = [...facts.values()];
  for (const { topic, partitions, cleanupPolicy, retentionMs } of facts.values()) {
    subject.lines.push(`${topic}: ${partitions} partitions, ${cleanupPolicy}, kept ${daysOf(retentionMs)}`);
  }
  subject.problems.push(...problems);
  subject.warnings.push(...warnings);
  return problems.length === 0 ? facts : null;
}

/** Kafka only: whether a repeated `apply` or replay will be known as one for as long as its records are there. */
export async function examineAppends(
  subject: Subject,
  session: Session,
  topics: ReadonlyMap<string, TopicFacts>,
): Promise<void> {
  const { appendMemory, inputsKeptMs } = await import("./kafka-topics.ts");
  const rememberedMs = await appendMemory(session);
  subject.facts["rememberedMs"] = rememberedMs;
  if (rememberedMs === null) return;
  subject.lines.push(`brokers remember for ${daysOf(rememberedMs)} what was applied or replayed`);
  const keptMs = inputsKeptMs(session.config, topics);
  if (rememberedMs >= keptMs) return;
  subject.warnings.push(
    `input topics keep records ${keptMs === Infinity ? "for ever" : `for ${daysOf(keptMs)}`}, but what is applied or replayed again after ${daysOf(rememberedMs)} is appended again: raise offsets.retention.minutes of the brokers, or give every event an at`,
  );
}

function examineJournal(subject: Subject, config: Config): ReadonlyMap<string, TopicFacts> | null {
  const folder = journalFolder(config);
  const found = statSync(folder, { throwIfNoEntry: false });
  subject.facts["journal"] = folder;
  if (found === undefined) {
    subject.warnings.push(`there is no journal in ${config.data} yet`);
    return null;
  }
  const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  subject.facts["bytes"] = bytes;
  subject.lines.push(`the embedded journal in ${folder}, ${bytes} bytes; it keeps everything`);
  return new Map();
}

function daysOf(retentionMs: number): string {
  return retentionMs === -1 ? "for ever" : `${Math.round((retentionMs / DAY_MS) * 10) / 10} days`;
}

/** Where reading stands in each partition, and what is missing there. */
export async function examinePositions(
  subject: Subject,
  head: StoredHead | null,
  transport: Transport,
): Promise<readonly Watermark[]> {
  const watermarks = await transport.inputWatermarks();
  const positions: Positions = head?.positions ?? new Map();
  const lag = lagBehind(positions, watermarks);
  subject.facts["lag"] = lag;
  subject.facts["partitions"] = watermarks.map(({ topic, partition, low, high }) => {
    const position = positionOf(positions, topic, partition);
    const hole = position !== null && position < low ? { from: position, to: low - 1 } : null;
    const place = `${topic}/${partition}: oldest ${low}, next ${position ?? "none yet"}, end ${high}`;
    subject.lines.push(hole === null ? place : `${place}, HOLE from ${hole.from} to ${hole.to}`);
    return { topic, partition, low, position, high, hole };
  });
  subject.lines.push(`${lag} records behind`);
  for (const topic of new Set([...watermarks.map((watermark) => watermark.topic), ...positions.keys()])) {
    const own = new Map([...positions].filter(([name]) => name === topic));
    subject.holds(() =>
      checkedPositions(
        own,
        watermarks.filter((watermark) => watermark.topic === topic),
      ),
    );
  }
  return watermarks;
}

/** What the next start will do. */
export async function examineProgress(
  subject: Subject,
  { head, inUse }: StateFindings,
  transport: Transport,
  watermarks: readonly Watermark[],
): Promise<void> {
  const bytes = await transport.readProgress();
  const progress = bytes === null ? null : decodeProgress(bytes);
  const published = progress?.step ?? 0;
  Object.assign(subject.facts, { step: published, epoch: progress?.epoch ?? 0 });
  subject.lines.push(`published up to step ${published}, epoch ${progress?.epoch ?? 0}`);
  if (inUse) return;
  const verdict = judge(head, progress, bytes);
  subject.facts["nextStart"] = verdict;
  switch (verdict) {
    case "fresh":
    case "current":
    case "published":
      return;
    case "unpublished":
      subject.lines.push(`step ${head?.step ?? 0} is fixed and goes out first at the next start (C2)`);
      return;
    case "restore":
      examineRestore(subject, head, progress, watermarks);
  }
}

function examineRestore(
  subject: Subject,
  head: StoredHead | null,
  progress: Progress | null,
  watermarks: readonly Watermark[],
): void {
  const code = head === null ? "C7" : "C6";
  subject.warnings.push(
    `the topics know more than the state (step ${head?.step ?? 0}): the next start restores it from them (${code})`,
  );
  if (head === null) subject.holds(() => checkWhole(watermarks));
  if (progress !== null) subject.holds(() => checkedPositions(progress.positions, watermarks));
}

/** Whether a lost state could be made anew: from all inputs, or from the last backup and the inputs since. */
export function examineBackup(
  subject: Subject,
  config: Config,
  topics: ReadonlyMap<string, TopicFacts>,
  watermarks: readonly Watermark[],
): void {
  const backup = lastBackup(config.data);
  const gone = watermarks.filter(({ low }) => low > 0);
  subject.facts["last"] = backup;
  subject.facts["inputsWhole"] = gone.length === 0;
  subject.lines.push(gone.length === 0 ? "the inputs are whole: a rebuild can read them all" : "old inputs are gone");
  if (backup === null) {
    subject.lines.push("no backup was made from this folder");
    if (gone.length > 0) {
      const [{ topic, partition, low }] = gone as [Watermark];
      subject.problems.push(
        `a lost state could not be made anew: there is no backup, and ${topic}/${partition} begins at ${low} — run \`corollary backup\``,
      );
    }
    return;
  }
  subject.lines.push(`step ${backup.step} at ${backup.at}: ${backup.file}`);
  if (statSync(backup.file, { throwIfNoEntry: false }) === undefined) {
    subject.warnings.push("the file of the last backup is not there (it may have been moved to a safer place)");
  }
  const covered = subject.holds(() => checkedPositions(positionsFromJson(backup.positions), watermarks));
  if (covered) warnOfAge(subject, topics, watermarks, systemNow() - Date.parse(backup.at));
}

function warnOfAge(
  subject: Subject,
  topics: ReadonlyMap<string, TopicFacts>,
  watermarks: readonly Watermark[],
  ageMs: number,
): void {
  for (const topic of new Set(watermarks.map((watermark) => watermark.topic))) {
    const retentionMs = topics.get(topic)?.retentionMs ?? -1;
    if (retentionMs === -1 || ageMs < retentionMs / 2) continue;
    subject.warnings.push(
      `the last backup is ${daysOf(ageMs)} old, and ${topic} keeps records for ${daysOf(retentionMs)}: make a new one`,
    );
  }
}
