/**
 * A process that holds a state, for tests that stop or kill it: `hold` opens and waits, `commit` commits step after step
 * and writes the number of each one that was acknowledged. Ends with the error as one JSON line. Needs the build.
 */
import { writeSync } from "node:fs";
import { openStore } from "../../dist/state/sqlite-store.js";

const ROWS = 2_000;
const [, , mode, folder] = process.argv;

try {
  const store = await openStore(folder);
  writeSync(1, "open\n");
  if (mode === "commit") await commitForEver(store);
  else setInterval(() => undefined, 60_000);
} catch ({ code, message, hint }) {
  writeSync(1, `${JSON.stringify({ code, message, hint })}\n`);
  process.exitCode = 1;
}

async function commitForEver(store) {
  const head = await store.readHead();
  const epoch = (head?.epoch ?? 0) + 1;
  await store.beginEpoch("engine", epoch, "digest");
  for (let step = (head?.step ?? 0) + 1; ; step++) {
    await store.commit(stepOf(epoch, step));
    writeSync(1, `${step}\n`);
  }
}

/** Each step has ROWS rows of its own in three tables, so that half a step would show. */
function stepOf(epoch, step) {
  const ids = Array.from({ length: ROWS }, (_, index) => index);
  return {
    epoch,
    step,
    clockMinute: step,
    positions: new Map([["topic", new Map([[0, step]])]]),
    counts: { applied: step, unchanged: 0, late: 0, rejected: 0 },
    users: ids.map((id) => [step * ROWS + id, `user ${id}`, `{"step":${step}}`]),
    entitlements: [],
    applications: [],
    items: [],
    newAssignments: [
      {
        entitlements: new Uint32Array(ROWS / 2).fill(step),
        users: Uint32Array.from(ids.slice(ROWS / 2)),
        flags: new Uint8Array(ROWS / 2).fill(1),
        memberAt: new Float64Array(ROWS / 2).fill(step),
        lastUsedAt: new Float64Array(ROWS / 2),
        extras: new Map(),
      },
    ],
    assignments: ids.slice(0, ROWS / 2).map((user) => [step, user, 1, step, 0, null]),
    published: ids.map((user) => [step, user, 1, "1 2", step, step, 0, 0, 0]),
    pendingMarked: [step],
    pendingCleared: [step - 1],
    eventIds: [[`event ${step}`, step]],
    forgetEventsBefore: 0,
    publishedStep: step - 1,
    outbox: { step, epoch, chunks: [Uint8Array.of(step & 255)], progress: Uint8Array.of(1), positions: new Map() },
  };
}
