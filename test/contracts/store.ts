/** What every implementation of the store port must do. Numbers in titles are those of the duties in store.ts. */
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AssignmentRow, PublishedRow } from "../../src/core/rows.ts";
import { AppError } from "../../src/errors.ts";
import type { Outbox, StepCommit, Store } from "../../src/state/store.ts";
import { assignmentChunk, rowsOf } from "../support/assignment-chunk.ts";
import { NO_CHANGES } from "../support/no-changes.ts";
import { publishedRowsOf } from "../support/published-chunk.ts";

export interface StoreFixture {
  /** Opens the state of this fixture; it is closed before it is opened again. */
  open(): Promise<Store>;
  /** Moves the stored epoch on behind the back of the open store, as a rival would. */
  takeOver(epoch: number): Promise<void>;
  dispose(): Promise<void>;
}

const NASTY = [
  'a"b\\c',
  "Zoë 😀",
  "line\nbreak\ttab",
  "'); DROP TABLE users; --",
  "7",
  "null",
  "[1,2]",
  "é".repeat(512),
  " ",
];

export function stepOf(step: number, parts: Partial<StepCommit> = {}): StepCommit {
  return {
    epoch: 1,
    step,
    clockMinute: 28_000_000 + step,
    positions: new Map([["hr.identities", new Map([[0, step]])]]),
    counts: { applied: step, unchanged: 0, late: 0, rejected: 0 },
    ...NO_CHANGES,
    eventIds: [],
    forgetEventsBefore: 0,
    publishedStep: step - 1,
    outbox: null,
    ...parts,
  };
}

function outboxOf(step: number, chunks: readonly Uint8Array[]): Outbox {
  return {
    step,
    epoch: 1,
    chunks,
    progress: Uint8Array.of(0, 1, step & 255),
    positions: new Map([["hr.identities", new Map([[0, step]])]]),
  };
}

export async function allAssignments(store: Store): Promise<AssignmentRow[]> {
  const rows = new Map<string, AssignmentRow>();
  await store.loadAssignments((chunk) => {
    for (const row of rowsOf(chunk)) rows.set(`${row[0]} ${row[1]}`, row);
  });
  return [...rows.values()];
}

export async function allPublished(store: Store): Promise<PublishedRow[]> {
  const rows: PublishedRow[] = [];
  await store.loadPublished((chunk) => rows.push(...publishedRowsOf(chunk)));
  return rows;
}

async function gathered<Row>(load: (take: (rows: readonly Row[]) => void) => Promise<void>): Promise<Row[]> {
  const all: Row[] = [];
  await load((rows) => all.push(...rows));
  return all;
}

/** `makeFixture` gives each test an empty state of its own. */
export function storeContract(name: string, makeFixture: () => Promise<StoreFixture>): void {
  describe(`store contract: ${name}`, () => {
    let fixture: StoreFixture;
    let store: Store;
    beforeEach(async () => {
      fixture = await makeFixture();
      store = await fixture.open();
    });
    afterEach(async () => {
      await store.close();
      await fixture.dispose();
    });

    async function begin(): Promise<void> {
      await store.beginEpoch("engine", 1, "digest");
    }

    async function reopen(): Promise<void> {
      await store.close();
      store = await fixture.open();
    }

    test("the head is null until a step is committed", async () => {
      expect(await store.readHead()).toBeNull();
      await begin();
      expect(await store.readHead()).toBeNull();
      await reopen();
      expect(await store.readHead()).toBeNull();
      await begin();
      await store.commit(stepOf(1));
      expect((await store.readHead())?.step).toBe(1);
    });

    test("the head comes back as it was committed", async () => {
      await begin();
      const positions = new Map([
        [
          "hr.identities",
          new Map([
            [0, Number.MAX_SAFE_INTEGER],
            [63, 0],
          ]),
        ],
        ["__proto__", new Map([[1, 2 ** 31]])],
        ["no partitions named", new Map<number, number>()],
      ]);
      const counts = { applied: 2 ** 40, unchanged: 1, late: 2, rejected: 3 };
      await store.commit(stepOf(5_000_000_000, { positions, counts, clockMinute: 29_000_001, pendingMarked: [7, 3] }));
      await reopen();
      positions.delete("no partitions named");
      expect(await store.readHead()).toEqual({
        engine: "engine",
        epoch: 1,
        configDigest: "digest",
        step: 5_000_000_000,
        clockMinute: 29_000_001,
        positions,
        counts,
        outbox: null,
        pending: [3, 7],
        uncleanEnd: false,
      });
    });

    test("a step that may not be committed leaves nothing behind, and the store goes on", async () => {
      await begin();
      await store.commit(stepOf(1, { assignments: [[0, 0, 1, 5, 0, null]] }));
      const refused = Promise.reject(new Error("nobody knows whether step 1 is published"));
      refused.catch(() => undefined);
      const step = stepOf(2, { assignments: [[0, 0, 9, 9, 9, null]] });
      await expect(store.commit(step, refused)).rejects.toThrow("nobody knows");
      expect((await store.readHead())?.step).toBe(1);
      expect(await allAssignments(store)).toEqual([[0, 0, 1, 5, 0, null]]);
      await store.commit(step, Promise.resolve());
      expect((await store.readHead())?.step).toBe(2);
    });

    test("closed while a step waits for what it depends on: nothing of it is left", async () => {
      await begin();
      await store.commit(stepOf(1));
      const answer = pause(300).then(() => Promise.reject(new Error("nobody knows")));
      const ended = store.commit(stepOf(2), answer).catch((error: Error) => error.message);
      await pause(50);
      await reopen();
      expect((await store.readHead())?.step).toBe(1);
      expect(await ended).toBe("nobody knows");
      await store.commit(stepOf(2));
    });

    test("1: a step that fails leaves nothing behind, and the store refuses to go on", async () => {
      await begin();
      await store.commit(stepOf(1, { assignments: [[0, 0, 1, 5, 0, null]] }));
      const bad = stepOf(2, {
        assignments: [[0, 0, 9, 9, 9, null]],
        published: [[0, 0, 1, null as never, 1, 1, 0, 0, 0]],
      });
      await expect(store.commit(bad)).rejects.toBeInstanceOf(AppError);
      await expect(store.commit(stepOf(2))).rejects.toMatchObject({ code: "state" });
      await expect(store.readHead()).rejects.toMatchObject({ code: "state" });
      await reopen();
      expect((await store.readHead())?.step).toBe(1);
      expect(await allAssignments(store)).toEqual([[0, 0, 1, 5, 0, null]]);
    });

    test("1: a step whose outbox cannot be made leaves nothing behind, and its reason is heard", async () => {
      await begin();
      await store.commit(stepOf(1));
      const refused = new AppError("transport", "a record is too large");
      const unsendable = {
        ...stepOf(2, { assignments: [[0, 0, 9, 9, 9, null]], published: [[0, 0, 1, "1", 1, 1, 1, 0, 0]] }),
        get outbox(): never {
          throw refused;
        },
      };
      await expect(store.commit(unsendable)).rejects.toBe(refused);
      await reopen();
      expect((await store.readHead())?.step).toBe(1);
      expect(await allAssignments(store)).toEqual([]);
      expect(await allPublished(store)).toEqual([]);
    });

    test("2: a step of another epoch is refused as fenced, and leaves nothing behind", async () => {
      await begin();
      await store.commit(stepOf(1));
      await fixture.takeOver(2);
      await expect(store.commit(stepOf(2, { users: [[0, "a", "{}"]] }))).rejects.toMatchObject({ code: "fenced" });
      await reopen();
      expect((await store.readHead())?.step).toBe(1);
      expect(await gathered((take) => store.loadUsers(take))).toEqual([]);
    });

    test("2: an epoch never goes back, and an engine's state is not another's", async () => {
      await store.beginEpoch("engine", 3, "digest");
      await store.beginEpoch("engine", 3, "other digest");
      await store.commit(stepOf(1, { epoch: 3 }));
      expect((await store.readHead())?.configDigest).toBe("other digest");
      await expect(store.beginEpoch("engine", 2, "digest")).rejects.toMatchObject({ code: "fenced" });
      await reopen();
      await expect(store.beginEpoch("someone else", 4, "digest")).rejects.toMatchObject({ code: "state" });
    });

    test("3: texts come back exactly as given", async () => {
      await begin();
      const users = NASTY.map((text, id) => [id, text, JSON.stringify({ text })] as const);
      const items = NASTY.map((text, id) => [id, text, text] as const);
      const applications = NASTY.map((text) => [text, JSON.stringify([text])] as const);
      await store.commit(stepOf(1, { users, items, applications, entitlements: users }));
      await reopen();
      expect(await gathered((take) => store.loadUsers(take))).toEqual(users);
      expect(await gathered((take) => store.loadEntitlements(take))).toEqual(users);
      expect(await gathered((take) => store.loadItems(take))).toEqual(items);
      const loaded = await gathered<readonly [string, string]>((take) => store.loadApplications(take));
      expect(new Map(loaded)).toEqual(new Map(applications));
    });

    test("3: texts of megabytes come back too", async () => {
      await begin();
      const users = [0, 1, 2].map((id) => [id, `user ${id}`, `{"é":"${"é".repeat(2_500_000 + id)}"}`] as const);
      await store.commit(stepOf(1, { users }));
      const loaded = await gathered<readonly [number, string, string]>((take) => store.loadUsers(take));
      expect(loaded.map(([, , registers], id) => registers === users[id]![2])).toEqual([true, true, true]);
    });

    test("3: a later row replaces the one with its id, within a step too", async () => {
      await begin();
      await store.commit(stepOf(1, { users: [[4, "d", "1"]], applications: [["app", "1"]] }));
      await store.commit(
        stepOf(2, {
          users: [
            [4, "d", "2"],
            [4, "d", "3"],
          ],
          applications: [["app", "2"]],
        }),
      );
      expect(await gathered((take) => store.loadUsers(take))).toEqual([[4, "d", "3"]]);
      expect(await gathered((take) => store.loadApplications(take))).toEqual([["app", "2"]]);
    });

    test("5: assignments come back in bulk, every number and extra as it was", async () => {
      await begin();
      const rows: AssignmentRow[] = [];
      const extra = JSON.stringify({ expiresAt: 1, source: NASTY[0] });
      for (let entitlement = 0; entitlement < 300; entitlement++) {
        const holders = entitlement === 7 ? 20_000 : entitlement % 50;
        for (let user = 0; user < holders; user++) {
          const at = user === 3 ? -86_400_000 : 1_700_000_000_000 + user;
          const rare = user % 100 === 1 ? extra : null;
          rows.push([entitlement, user * 3, user % 4, at, user % 2 === 0 ? 0 : at, rare]);
        }
      }
      rows.push([299, 2 ** 31, 3, 8.64e15, 8.64e15, null]);
      await store.commit(stepOf(1, { assignments: rows.toReversed() }));
      await reopen();
      expect(await allAssignments(store)).toEqual(rows);
    });

    test("5: new assignments come back in bulk; a row that comes later stands in the place of the new one", async () => {
      await begin();
      const extra = JSON.stringify({ expiresAt: 1, source: NASTY[0] });
      const rows = Array.from({ length: 150_000 }, (_, i): AssignmentRow => {
        const at = i % 3 === 0 ? -1 : 1_700_000_000_000 + i;
        return [i % 7, i, i % 8, at, at, i % 50_000 === 1 ? extra : null];
      });
      rows.push([2 ** 32 - 1, 2 ** 31, 255, 8.64e15, 0.5, null]);
      const later: AssignmentRow[] = [0, 1, 149_999].map((i) => [i % 7, i, 0, 2_000_000_000_000, -1, null]);
      await store.commit(stepOf(1, { newAssignments: [assignmentChunk(rows.slice(0, 100_000))] }));
      await store.commit(stepOf(2, { newAssignments: [assignmentChunk(rows.slice(100_000))] }));
      await reopen();
      expect(await allAssignments(store)).toEqual(rows);

      await begin();
      await store.commit(stepOf(3, { assignments: later }));
      await store.commit(stepOf(4, { newAssignments: [assignmentChunk([[6, 9, 1, 5, 5, null]])] }));
      await reopen();
      const expected = rows.map((row) => later.find(([, user]) => user === row[1]) ?? row);
      expect(await allAssignments(store)).toEqual([...expected, [6, 9, 1, 5, 5, null]]);
    });

    test("5: published rows come back in bulk; a row without kind and flags is gone", async () => {
      await begin();
      const rows: PublishedRow[] = [];
      for (let entitlement = 0; entitlement < 200; entitlement++) {
        const pairs = entitlement === 5 ? 20_000 : entitlement % 40;
        for (let user = 0; user < pairs; user++) {
          const rule = user % 3 === 0 ? "" : Array.from({ length: user % 4 }, (_, index) => user + index).join(" ");
          rows.push([entitlement, user, user % 3, rule, user * 2, user * 3, user % 4, user % 5, 1 + (user % 63)]);
        }
      }
      await store.commit(stepOf(1, { published: rows }));
      await reopen();
      expect(await allPublished(store)).toEqual(rows);

      const gone = rows.filter(([, user]) => user % 2 === 0);
      const blank = gone.map(([entitlement, user]): PublishedRow => [entitlement, user, 0, "", 0, 0, 0, 0, 0]);
      await store.commit(stepOf(2, { published: [...blank, [5, 1, 2, "9", 8, 9, 1, 0, 0]] }));
      const left = rows.filter(([entitlement, user]) => user % 2 === 1 && !(entitlement === 5 && user === 1));
      expect(await allPublished(store)).toHaveLength(left.length + 1);
      expect(await allPublished(store)).toEqual(expect.arrayContaining([[5, 1, 2, "9", 8, 9, 1, 0, 0], left.at(-1)]));
    });

    test("an outbox stays as it was fixed until its step is published", async () => {
      await begin();
      const chunks = [Uint8Array.of(0, 255, 10), new Uint8Array(300_000).fill(7), new Uint8Array()];
      const outbox = outboxOf(1, chunks);
      await store.commit(stepOf(1, { outbox }));
      await reopen();
      const stored = (await store.readHead())!.outbox!;
      expect({ ...stored, chunks: stored.chunks.map((chunk) => [...chunk]), progress: [...stored.progress] }).toEqual({
        ...outbox,
        chunks: chunks.map((chunk) => [...chunk]),
        progress: [...outbox.progress],
      });
      await begin();
      await store.commit(stepOf(2, { publishedStep: 1 }));
      expect((await store.readHead())!.outbox).toBeNull();
    });

    test("a second unpublished step is refused", async () => {
      await begin();
      await store.commit(stepOf(1, { outbox: outboxOf(1, []) }));
      const second = stepOf(2, { publishedStep: 0, outbox: outboxOf(2, []) });
      await expect(store.commit(second)).rejects.toMatchObject({ code: "internal" });
    });

    test("a large outbox is kept whole", async () => {
      await begin();
      const chunks = Array.from({ length: 100 }, (_, index) => new Uint8Array(256 * 1024).fill(index));
      await store.commit(stepOf(1, { outbox: outboxOf(1, chunks) }));
      const stored = (await store.readHead())!.outbox!;
      expect(stored.chunks).toHaveLength(100);
      expect(stored.chunks.every((chunk, index) => Buffer.compare(chunk, chunks[index]!) === 0)).toBe(true);
    });

    test("4: a replay keeps the step number, or lowers it, and drops the outbox of the higher step", async () => {
      await begin();
      await store.commit(stepOf(7, { users: [[0, "a", "1"]], outbox: outboxOf(7, [Uint8Array.of(1)]) }));
      const positions = new Map([["hr.identities", new Map([[0, 90]])]]);
      await store.commit(stepOf(5, { users: [[1, "b", "1"]], publishedStep: 7, positions }));
      await store.commit(stepOf(5, { users: [[1, "b", "2"]], publishedStep: 7, positions, clockMinute: 9 }));
      await reopen();
      expect(await store.readHead()).toMatchObject({ step: 5, outbox: null, positions, clockMinute: 9 });
      expect(await gathered((take) => store.loadUsers(take))).toEqual([
        [0, "a", "1"],
        [1, "b", "2"],
      ]);
      await begin();
      await store.commit(stepOf(8, { outbox: outboxOf(8, []) }));
      expect((await store.readHead())!.outbox!.step).toBe(8);
    });

    test("pending marks are set and cleared; a mark wins over clearing in the same step", async () => {
      await begin();
      await store.commit(stepOf(1, { pendingMarked: [1, 2, 3, 2] }));
      await store.commit(stepOf(2, { pendingMarked: [4, 2], pendingCleared: [1, 2, 9] }));
      await reopen();
      expect((await store.readHead())!.pending).toEqual([2, 3, 4]);
    });

    test("event ids are known until they are forgotten", async () => {
      await begin();
      const many = Array.from({ length: 10_000 }, (_, index) => `event ${index}`);
      const at = (minute: number, ...ids: readonly string[]) => ids.map((id) => [id, minute] as const);
      const known = (...ids: readonly string[]) => store.seenEvents(ids);
      await store.commit(stepOf(1, { eventIds: [...at(100, ...NASTY), ...at(99, ...many), ...at(7, "twice")] }));
      await store.commit(
        stepOf(2, { eventIds: [...at(102, "later", NASTY[0]!), ...at(4, "twice"), ...at(5, "twice")] }),
      );
      await reopen();
      await begin();
      expect(await known(...NASTY, ...many, "later", "twice", "unknown", "Event 1")).toEqual(
        new Map([...at(100, ...NASTY), ...at(99, ...many), ...at(102, "later", NASTY[0]!), ...at(5, "twice")]),
      );
      await store.commit(stepOf(3, { forgetEventsBefore: 100 }));
      expect(await known(...NASTY, "event 1", "later", "twice")).toEqual(
        new Map([...at(100, ...NASTY), ...at(102, "later", NASTY[0]!)]),
      );
      expect(await known()).toEqual(new Map());
    });
  });
}
