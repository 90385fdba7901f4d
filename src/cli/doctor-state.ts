/** `doctor`: the program and the state folder. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { settingsDigest, settingsOf } from "../config.ts";
import { Engine } from "../core/engine.ts";
import { AttributeReport } from "../events/attribute-report.ts";
import { integrityCheck } from "../state/backup.ts";
import { sqliteVersion } from "../state/database.ts";
import { folderOwner } from "../state/lock.ts";
import { openStore, STATE_FILE } from "../state/sqlite-store.ts";
import type { Store, StoredHead } from "../state/store.ts";
import { MINUTE_MS } from "../worker/clock.ts";
import { inboxFolder } from "../worker/inbox.ts";
import { examineSize } from "./doctor-size.ts";
import type { Examination, Subject } from "./examination.ts";
import type { Session } from "./session.ts";

export interface StateFindings {
  /** null: nothing is stored, or it cannot be read. */
  readonly head: StoredHead | null;
  /** A process holds the state, so what is read of state and topics may lie a step apart. */
  readonly inUse: boolean;
}

export async function examineProgram(subject: Subject, { config }: Session): Promise<void> {
  const { version, dependencies } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  ) as { version: string; dependencies: Readonly<Record<string, string>> };
  const kafkajs = dependencies["kafkajs"];
  const sqlite = await sqliteVersion();
  Object.assign(subject.facts, { corollary: version, node: process.versions.node, sqlite, kafkajs });
  subject.lines.push(`corollary ${version}, Node ${process.versions.node}, SQLite ${sqlite}, kafkajs ${kafkajs}`);
  if (config.transport !== "kafka") return;
  const { assertKafkajsPatched } = await import("../transport/kafka/patched.ts");
  subject.holds(() => assertKafkajsPatched());
}

/** `whole`: check every page of the file, which takes a while for a large one. */
export async function examineState(subject: Subject, { config }: Session, whole: boolean): Promise<StateFindings> {
  const owner = await folderOwner(config.data);
  subject.facts["folder"] = config.data;
  subject.facts["heldBy"] = owner === null ? null : (owner.pid ?? "unknown");
  subject.lines.push(owner === null ? "no process holds it" : `process ${owner.pid ?? "unknown"} holds it`);
  const inUse = owner !== null;
  const size = statSync(join(config.data, STATE_FILE), { throwIfNoEntry: false })?.size;
  if (size === undefined) {
    subject.warnings.push(`there is no state in ${config.data}: nothing was done yet, it is lost, or --data is wrong`);
    return { head: null, inUse };
  }
  const head = await readHead(config.data);
  Object.assign(subject.facts, { bytes: size, ...(head === null ? {} : factsOf(head)) });
  subject.lines.push(`${join(config.data, STATE_FILE)}, ${size} bytes`, ...linesOf(head));
  if (whole) for (const finding of await integrityCheck(config.data)) subject.problems.push(damage(finding));
  subject.facts["checked"] = whole;
  if (head === null) return { head, inUse };
  if (head.engine !== config.engine) {
    subject.problems.push(`it belongs to engine ${head.engine}, not to ${config.engine} — set \`engine\` back`);
  }
  if (head.configDigest !== null && head.configDigest !== settingsDigest(settingsOf(config))) {
    subject.warnings.push(
      "settings that change results differ from those of the state: a start needs --accept-config-change",
    );
  }
  return { head, inUse };
}

async function readHead(folder: string): Promise<StoredHead | null> {
  const store = await openStore(folder, { readOnly: true });
  try {
    return await store.readHead();
  } finally {
    await store.close();
  }
}

function factsOf({ engine, epoch, step, clockMinute, counts, pending, outbox }: StoredHead): object {
  const clock = new Date(clockMinute * MINUTE_MS).toISOString();
  return { engine, epoch, step, clock, inputs: counts, pending: pending.length, unmarkedStep: outbox?.step ?? null };
}

function linesOf(head: StoredHead | null): string[] {
  if (head === null) return ["no step was committed yet"];
  const { engine, epoch, step, clockMinute, pending } = head;
  const clock = new Date(clockMinute * MINUTE_MS).toISOString();
  return [`engine ${engine}, epoch ${epoch}, step ${step}, clock ${clock}, ${pending.length} entitlements pending`];
}

function damage(finding: string): string {
  return `the state file is damaged: ${finding} — restore a backup, or run \`corollary rebuild\``;
}

export function examineInbox(subject: Subject, { config }: Session): void {
  let names: string[] = [];
  try {
    names = readdirSync(inboxFolder(config.data));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const waiting = names.filter((name) => name.endsWith(".records")).length;
  const refused = names.filter((name) => name.endsWith(".refused")).length;
  Object.assign(subject.facts, { waiting, refused });
  subject.lines.push(`${waiting} files wait for the worker`);
  if (refused > 0) subject.warnings.push(`${refused} files were refused; the worker's log says why`);
}

/** What the attributes are good for, and whether the company fits into memory. */
export async function examineCompany(examination: Examination, { config }: Session): Promise<void> {
  const store = await openStore(config.data, { readOnly: true });
  try {
    const company = await examination.of("attributes", (subject) => examineAttributes(subject, store, config));
    if (company === null) return;
    let assignments = 0; // those that changed since they were new count twice: memory is rather over- than underestimated
    await store.loadAssignments(({ users }) => {
      assignments += users.length;
    });
    await examination.of("memory", (subject) => examineSize(subject, config, { ...company, assignments }));
  } finally {
    await store.close();
  }
}

async function examineAttributes(
  subject: Subject,
  store: Store,
  config: Session["config"],
): Promise<{ people: number; itemsPerPerson: number }> {
  const engine = new Engine(settingsOf(config));
  await store.loadItems((rows) => engine.loadItems(rows));
  await store.loadUsers((rows) => engine.loadUsers(rows));
  const people = engine.tables().identities.filter(({ state }) => state === "active");
  const report = new AttributeReport();
  for (const { items } of people) {
    const values = new Map<string, string[]>();
    for (const { attribute, value } of items) values.set(attribute, [...(values.get(attribute) ?? []), value]);
    report.add([...values]);
  }
  subject.facts["attributes"] = report.summaries();
  for (const { attribute, distinct, nulls } of report.summaries()) {
    subject.lines.push(`${attribute}: ${distinct} values, ${nulls} people without`);
  }
  subject.warnings.push(...report.warnings());
  const count = people.reduce((sum, { items }) => sum + items.length, 0);
  return { people: people.length, itemsPerPerson: people.length === 0 ? 0 : count / people.length };
}
