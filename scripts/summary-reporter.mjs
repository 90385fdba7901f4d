/**
 * Vitest reporter: what was skipped and why, then one line that a machine can read: `N passed, N failed, N skipped`.
 * A test says why by `context.skip("reason")`.
 */
export default class SummaryReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const broken = modules.filter((module) => module.state() === "failed" && module.errors().length > 0);
    const count = (state) => tests.filter((test) => test.result().state === state).length;
    const skipped = tests.filter((test) => test.result().state === "skipped");

    for (const [reason, names] of groups(skipped)) {
      console.log(`skipped, ${reason}:`);
      for (const name of names) console.log(`  ${name}`);
    }
    const failed = count("failed") + broken.length + unhandledErrors.length;
    console.log(`${count("passed")} passed, ${failed} failed, ${skipped.length} skipped`);
  }
}

function groups(skipped) {
  const byReason = new Map();
  for (const test of skipped) {
    const reason = test.result().note ?? "no reason given";
    const names = byReason.get(reason) ?? [];
    names.push(`${test.module.relativeModuleId}: ${test.fullName}`);
    byReason.set(reason, names);
  }
  return byReason;
}
