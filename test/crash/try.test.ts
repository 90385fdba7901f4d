import { it } from "vitest";
import { scenario } from "./scenario.ts";
import { World } from "./world.ts";
import { snapshotOf, faultsOf } from "./check.ts";
import { FaultPlan } from "./fault-plan.ts";
import { recount } from "../../src/core/recount.ts";
import { compareViews } from "../../src/core/recount-checks.ts";
import { settingsOf } from "../../src/config.ts";

it("plays", async () => {
  const waves = scenario(3, 9, 8);
  const world = await World.create("memory", ["materiality=0", "step.recordsMax=4", "step.budgetRecords=10", "step.waitMs=0"]);
  for (const wave of waves) {
    const plan = new FaultPlan();
    const t = performance.now();
    const worker = await world.play(wave, plan);
    const t2 = performance.now();
    const snap = await snapshotOf(world);
    console.log(wave.name, wave.records.length, "steps", world.broker.transactions.length, "points", plan.passed.length, Math.round(t2-t), Math.round(performance.now()-t2),
      snap.exactView.length, snap.publishedView.length, snap.toldView.length, snap.rejects.length, snap.counts, faultsOf(snap, snap));
    const f = compareViews(worker.engine.exactView(), recount(worker.engine.tables(), settingsOf(world.config())), 5);
    if (f.length) console.log(f);
  }
  await world.remove();
}, 60000);
