/** `rebuild`: makes the state anew from the inputs and the published topics (C7), as after its loss. */
import type { Command } from "commander";
import { settingsDigest, settingsOf } from "../config.ts";
import { AppError } from "../errors.ts";
import { setStateAside } from "../state/replace.ts";
import type { Transport } from "../transport/transport.ts";
import { systemNow } from "../worker/clock.ts";
import { forgetEvidence } from "../worker/evidence-file.ts";
import { openWorker } from "../worker/open-worker.ts";
import { positionsToJson } from "../worker/positions.ts";
import { decodeProgress } from "../worker/progress.ts";
import { checkedPositions, checkWhole } from "../worker/verdict.ts";
import { fileTime } from "./file-time.ts";
import { withTopics } from "./reading-transport.ts";
import { openSession, type Session } from "./session.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly acceptConfigChange?: boolean;
}

const HELP = `
The tables are computed from all inputs; what consumers were told is read back from the output topics. So nothing is
published twice; at materiality 0 nothing at all, unless there is news. The state that stood there is renamed, not deleted.
Ends when all input is applied and nothing is pending. An interrupted rebuild is continued by the next start.

Exit codes: 0 rebuilt, 3 other settings than published with, 5 inputs are gone (restore a backup), 6 a process holds the
state, 7 the topics cannot be read, 8 another worker of this engine took over.`;

export function addRebuild(program: Command, terminal: Terminal): void {
  program
    .command("rebuild")
    .description("make the state anew from the inputs; what was published is taken from the topics")
    .option(
      "--accept-config-change",
      "settings that change results may differ from those published with: the difference is published",
    )
    .addHelpText("after", HELP)
    .action(async ({ acceptConfigChange = false }: Options, command: Command) => {
      const session = openSession(command, terminal);
      const { config, log } = session;
      await withTopics(session, (transport) => checkPossible(session, transport, acceptConfigChange));
      const aside = await setStateAside(config.data, `before-rebuild-${fileTime(systemNow())}`);
      await forgetEvidence(config.data);
      if (aside !== null) session.say(`the state before is ${aside}`);
      const worker = await openWorker({ config, log });
      try {
        const summary = await worker.runUntilQuiet(terminal.signal);
        const { step, positions, counts } = worker.standing;
        const inputs = counts.applied + counts.unchanged + counts.late + counts.rejected;
        const quiet = !terminal.signal.aborted;
        const rest = quiet ? "nothing is pending" : "the next start goes on from here";
        session.say(`${inputs} events read; the state stands at step ${step}, and ${rest}`);
        session.say(`${summary.deltas} deltas published in ${summary.steps} steps`);
        session.answer({
          aside,
          quiet,
          step,
          positions: positionsToJson(positions),
          inputs: counts,
          published: summary,
        });
      } finally {
        await worker.close();
      }
    });
}

/** What the start would refuse, found while the old state still stands. */
async function checkPossible({ config }: Session, transport: Transport, acceptConfigChange: boolean): Promise<void> {
  const watermarks = await transport.inputWatermarks();
  checkWhole(watermarks);
  const bytes = await transport.readProgress();
  if (bytes === null) return;
  const { positions, configDigest } = decodeProgress(bytes);
  checkedPositions(positions, watermarks);
  if (acceptConfigChange || configDigest === settingsDigest(settingsOf(config))) return;
  throw new AppError(
    "config",
    "settings that change results differ from those that the last step was published with",
    "name the same --config and --set values, or add --accept-config-change: the difference is published",
  );
}
