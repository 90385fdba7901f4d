/** The public API: every name that other programs may build on. The only re-exporting file. */

export type { Config } from "./config/keys.ts";
export { type ConfigSources, loadConfig, settingsDigest, settingsOf } from "./config.ts";
export { Engine, type StepEvent, type StepInput, type StepResult } from "./core/engine.ts";
export { recount } from "./core/recount.ts";
export { DEFAULT_SETTINGS, type Exclusion, type Fraction, type Override, type Settings } from "./core/settings.ts";
export type {
  AssignmentRow,
  EntitlementRow,
  IdentityRow,
  ItemsetRow,
  PairFlagsRow,
  PairScoreRow,
  RuleRow,
  Tables,
  View,
} from "./core/tables.ts";
export { AppError, type ErrorCode, EXIT_CODES } from "./errors.ts";
export { decodeRecord } from "./events/decode.ts";
export type { Band, Delta, Flag, Item, NotScoredReason, Score } from "./events/delta.ts";
export { type EncodableEvent, encodeEvent, encodeEventAvro, routeOf } from "./events/encode-event.ts";
export type { AssignmentGrants, Attribute, InputEvent, Outcome, RejectReason } from "./events/event.ts";
export { explanation } from "./events/explanation.ts";
export { loadSchemaTable } from "./events/schema-files.ts";
export { type Log, openLog } from "./log.ts";
export { openStore } from "./state/sqlite-store.ts";
export type { Store } from "./state/store.ts";
export type { AppendRecord, InputRecord, OutputRecord, Positions, Transport } from "./transport/transport.ts";
export { openWorker, type WorkerOptions } from "./worker/open-worker.ts";
export type { StepReport, Summary } from "./worker/report.ts";
export type { Worker } from "./worker/worker.ts";
