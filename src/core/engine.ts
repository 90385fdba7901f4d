/**
 * The incremental engine: events in, table changes and deltas out. Pure: the clock is an input, ids are handed out in
 * order, and nothing is read or written outside.
 *
 *  1. The tables are a function of the events alone, not of how they are cut into steps.
 *  2. Exact counters equal a recount of the tables after every step that is not a catch-up step, but while people wait to
 *     be counted (uncounted.ts).
 *  3. The sum of all deltas equals the published view; with nothing pending, it equals the target view.
 *
 * While it loads and while it catches up the engine is at rest: the tables change, nothing is counted. The next ordinary
 * step counts everything by the batch path and marks every pair as pending.
 */
import type { Delta } from "../events/delta.ts";
import type { AssignmentGrants, InputEvent, Outcome } from "../events/event.ts";
import { Changes, IdSet } from "./changes.ts";
import type { Choices, ChoosingBasis, ChoosingTask } from "./choosing.ts";
import { Company } from "./company.ts";
import { Deferred } from "./deferred.ts";
import type { Helper } from "./help.ts";
import { Live } from "./live.ts";
import { Memory, NO_EVIDENCE } from "./memory.ts";
import { Rebuild } from "./rebuild.ts";
import type {
  ApplicationRow,
  AssignmentChunk,
  EntitlementRow,
  ItemRow,
  KeptEvidence,
  PublishedChunk,
  TableChanges,
  UserRow,
} from "./rows.ts";
import type { Settings } from "./settings.ts";
import { atOnce, type Slices } from "./slices.ts";
import type { PairFlagsRow, PairScoreRow, RuleRow, Tables, View } from "./tables.ts";
import { areTooMany } from "./uncounted.ts";
import { ExactView, publishedEvidence, publishedView, tablesOf } from "./views.ts";

export interface StepEvent {
  readonly event: InputEvent;
  /** When the record was written (ms): the stamp of an event without `at`, and what a future `at` is held against. */
  readonly recordAtMs: number;
}

export interface StepInput {
  /** Whole minutes since 1970; a lower one than before is raised to the one before. */
  readonly clockMinute: number;
  readonly events: readonly StepEvent[];
  /** Applied after the events; cheaper than as many of them. */
  readonly grants?: { readonly grants: AssignmentGrants; readonly recordAtMs: number };
  /**
   * Applies an event, or leaves it out and answers for it; asked about one after another, so that it may depend on what
   * became of those before. Absent: every event is applied. Nobody is asked about `grants`.
   */
  readonly admit?: (index: number, apply: () => Outcome) => Outcome;
  /**
   * Most deltas of the ripple and the pending sweep; the direct lane is always whole. At least 1. A pair is told whole,
   * so the last one may go over by two.
   */
  readonly budgetRecords: number;
  /** true: change the tables only; the next step without it builds the view by the batch path. */
  readonly catchUp?: boolean;
  /**
   * Where most events of the step are about people, and they change more people than this, what they name is told at once,
   * by what is published, and counted in later steps. Absent: 32, or any number in a company of less than 1,000.
   */
  readonly countedAtOnceMax?: number;
}

export interface StepResult {
  /** One for each event, in order, then one for each of the grants. */
  readonly outcomes: readonly Outcome[];
  /**
   * Made when first asked for, as are the published rows of `changes`: that must be before the next step, and before
   * anything else that makes the engine count or ends its counting.
   */
  readonly deltas: readonly Delta[];
  readonly deltaCount: number;
  readonly changes: TableChanges;
  readonly clockMinute: number;
}

export class Engine {
  readonly company: Company;
  readonly #settings: Settings;
  readonly #changes: Changes = new Changes();
  readonly #memory: Memory;
  #live: Live | null = null;
  /** It takes the place of `#live` when it is done. */
  #rebuild: Rebuild | null = null;
  /** How many people a mass made wait since the last one began: those who came by and by do not make another worth it. */
  #movedInMasses = 0;
  #bases = 0;
  #deltas: Deferred<Delta[]> | null = null;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.company = new Company(settings);
    this.#memory = new Memory(this.company, this.#changes);
  }

  step(input: StepInput): StepResult {
    this.#endStep();
    if (this.#rebuild?.isDone === true) this.#takePlace(this.#rebuild);
    this.#live?.beginStep();
    this.company.advanceClock(input.clockMinute);
    if (input.catchUp !== true) this.#arrange();
    const { admit } = input;
    const outcomes: Outcome[] = [];
    for (const { event, recordAtMs } of input.events) {
      const apply = (): Outcome => this.company.apply(event, recordAtMs, this.#changes);
      outcomes.push(admit === undefined ? apply() : admit(outcomes.length, apply));
    }
    if (input.grants !== undefined) {
      this.company.applyGrants(input.grants.grants, input.grants.recordAtMs, this.#changes, outcomes);
    }
    const recounted = this.#policiesChanged();
    if (input.catchUp === true) this.#rest();
    else this.#work(input, recounted);
    return this.#result(outcomes);
  }

  /** Makes all published evidence exact; what differs is pending. Takes effect with the next steps. */
  reconcile(): void {
    this.#counted().reconcile();
  }

  /** Entitlements with pairs that may differ from the target view. 0 = quiet. */
  pendingCount(): number {
    return this.#live === null || !this.isCounted ? this.company.catalog.size : this.#live.ripple.size;
  }

  /** false: at rest, or people wait to be counted. */
  get isCounted(): boolean {
    return this.#live !== null && this.#rebuild === null && this.#live.uncounted.isEmpty;
  }

  /** About how many pairs are known: assignments, revoked ones too, and recommendations. */
  pairCount(): number {
    return this.company.pairs.size;
  }

  /**
   * For another thread that chooses for pairs (choosing.ts) before the steps come to them; to be called when much is
   * pending. null: the engine is at rest.
   */
  beginChoosing(): ChoosingBasis | null {
    return this.#live?.ripple.beginChoosing(++this.#bases) ?? null;
  }

  /** What that thread may do next; null: nothing is left that is worth it. */
  nextChoosing(): ChoosingTask | null {
    return this.#live?.ripple.nextChoosing() ?? null;
  }

  /** What it did, at any time: what does not hold any more is left aside. */
  takeChoices(choices: Choices): void {
    this.#live?.ripple.takeChoices(choices);
  }

  /** Loading, in this order, before the first step: items, applications, entitlements, users, assignments, published. */
  loadItems(rows: readonly ItemRow[]): void {
    this.#memory.loadItems(rows);
  }

  loadApplications(rows: readonly ApplicationRow[]): void {
    for (const row of rows) this.company.catalog.loadApplication(row);
  }

  loadEntitlements(rows: readonly EntitlementRow[]): void {
    for (const row of rows) this.company.loadEntitlement(row);
  }

  loadUsers(rows: readonly UserRow[]): void {
    for (const row of rows) this.company.identities.load(row);
  }

  loadAssignments(chunk: AssignmentChunk): void {
    this.#memory.loadAssignments(chunk);
  }

  loadPublished(chunk: PublishedChunk): void {
    this.#rest();
    this.#memory.loadPublished(chunk);
  }

  /** As `keptEvidence` gave it, perhaps some steps ago. Before `start`. */
  loadEvidence(kept: KeptEvidence): void {
    this.#memory.loadEvidence(kept);
  }

  keptEvidence(): KeptEvidence {
    return this.#live === null ? NO_EVIDENCE : this.#memory.evidenceOf(this.#live);
  }

  /** Entitlements that the store remembers as pending. */
  loadPending(entitlements: readonly number[]): void {
    this.#memory.loadPending(entitlements);
  }

  /**
   * All people were loaded: the helper may plant their itemsets while all else is loaded. Where somebody is changed
   * nevertheless, that was in vain.
   */
  plantAhead(helper: Helper): void {
    if (this.#live === null) atOnce(this.#memory.plant(this.#settings.maxRuleLength, helper));
  }

  /** Ends loading: counts everything and restores published evidence; what differs is pending. */
  start(clockMinute: number): void {
    atOnce(this.startInSlices(clockMinute, null));
  }

  /** The same, with help, and resting now and then, while nobody may ask for anything else. */
  *startInSlices(clockMinute: number, helper: Helper | null): Slices<void> {
    this.company.advanceClock(clockMinute);
    if (this.#live === null) yield* this.#livenInSlices(helper);
  }

  /**
   * What consumers were told, from the output topics instead of the store (recovery); replaces what is known, and the
   * next step writes it down. Ends counting until then.
   */
  restorePublished(
    predictions: Iterable<PairScoreRow>,
    recommendations: Iterable<PairScoreRow>,
    flags: Iterable<PairFlagsRow>,
  ): void {
    this.#rest();
    this.#memory.restorePublished(predictions, recommendations, flags);
  }

  tables(): Tables {
    return tablesOf(this.company);
  }

  /** The view by exact counts, part by part. */
  exact(): ExactView {
    return new ExactView(this.company, this.#counted());
  }

  exactView(): View {
    return this.exact().whole();
  }

  /** The sum of all deltas so far; `itemsets` and `rules` are empty. */
  publishedView(): View {
    return publishedView(this.company, (row) => this.#memory.winnerItems(row, this.#live));
  }

  publishedEvidence(): Iterable<RuleRow> {
    return publishedEvidence(this.company, this.#counted());
  }

  /** What the last step left behind can be asked for no more, and is not kept here. */
  #endStep(): void {
    this.#deltas?.end();
    this.#deltas = null;
    this.#memory.endStep();
  }

  #result(outcomes: readonly Outcome[]): StepResult {
    const deltas = deltasOf(this.#live);
    this.#deltas = deltas;
    return {
      outcomes,
      get deltas() {
        return deltas.value;
      },
      deltaCount: this.#live?.told.size ?? 0,
      changes: this.#memory.takeChanges(this.#live),
      clockMinute: this.company.clockMinute,
    };
  }

  #policiesChanged(): IdSet {
    const { catalog, policy } = this.company;
    const recounted = new IdSet();
    for (const id of this.#changes.entitlements.ids) {
      if (policy.refresh(id, catalog.names.textOf(id), catalog.factsOf(id))) recounted.add(id);
    }
    return recounted;
  }

  /** At rest, before everything is counted. */
  #arrange(): void {
    if (this.#live === null) this.#memory.arrange();
  }

  #work({ events, budgetRecords, countedAtOnceMax = this.#countedAtOnceMax() }: StepInput, recounted: IdSet): void {
    const wasAtRest = this.#live === null;
    const live = this.#liven();
    const isMass = !wasAtRest && live.moves(Math.max(countedAtOnceMax, events.length / 2));
    const waited = live.uncounted.users.length;
    if (waited === 0) this.#movedInMasses = 0;
    if (!isMass) this.#rebuildIfMany(live, Math.min(waited, this.#movedInMasses), countedAtOnceMax);
    live.step(recounted, isMass, budgetRecords, Math.max(1, countedAtOnceMax));
    if (isMass) this.#movedInMasses += live.uncounted.users.length - waited;
    this.#rebuild?.run(isMass ? 1 : Math.min(SLICES_A_STEP_MAX, Math.ceil(budgetRecords / DELTAS_A_SLICE)));
  }

  #countedAtOnceMax(): number {
    return this.company.identities.size < SMALL_COMPANY ? Number.MAX_SAFE_INTEGER : COUNTED_AT_ONCE_MAX;
  }

  #rebuildIfMany(live: Live, waiting: number, countedAtOnceMax: number): void {
    if (this.#rebuild !== null || !areTooMany(waiting, this.company.identities.size, countedAtOnceMax)) return;
    this.#movedInMasses = 0;
    this.#rebuild = new Rebuild(live, this.company, this.#settings, this.#changes);
  }

  #takePlace({ live, nodes }: Rebuild): void {
    this.#memory.replace(this.#live!, live, nodes);
    this.#live = live;
    this.#rebuild = null;
  }

  /** Counts at once what waits to be counted. */
  #counted(): Live {
    const live = this.#liven();
    if (this.isCounted) return live;
    this.#endStep();
    this.#rebuildIfMany(live, live.uncounted.users.length, COUNTED_AT_ONCE_MAX);
    this.#rebuild?.finish();
    if (this.#rebuild !== null) this.#takePlace(this.#rebuild);
    this.#live!.countAll();
    return this.#live!;
  }

  #liven(): Live {
    if (this.#live === null) atOnce(this.#livenInSlices(null));
    return this.#live!;
  }

  *#livenInSlices(helper: Helper | null): Slices<void> {
    this.#endStep();
    const planting = yield* this.#memory.plant(this.#settings.maxRuleLength, helper);
    const live = new Live(this.company, this.#settings, this.#changes);
    yield* this.#memory.attach(live, planting, helper);
    this.#live = live;
  }

  #rest(): void {
    if (this.#live === null) return;
    this.#endStep();
    this.#memory.detach(this.#live);
    this.#live = null;
    this.#rebuild = null;
  }
}

/** In a company of fewer people all of them are soon counted. */
const SMALL_COMPANY = 1_000;
/** Counting so many people takes a tenth of a second in a large company. */
const COUNTED_AT_ONCE_MAX = 32;
/** Bounds the time of a step. */
const SLICES_A_STEP_MAX = 10;
/** A slice takes as long as what so many deltas of the ripple take. */
const DELTAS_A_SLICE = 50;

/** `live` null: at rest, and nothing is told. */
function deltasOf(live: Live | null): Deferred<Delta[]> {
  return new Deferred(() => live?.told.deltas() ?? []);
}
