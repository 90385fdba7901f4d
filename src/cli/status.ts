/** `status`: how far the engine has come and what stands there. Reads only. */
import type { Command } from "commander";
import type { StoredHead } from "../state/store.ts";
import { positionsToJson } from "../worker/positions.ts";
import { openSession } from "./session.ts";
import { readStoredEngine } from "./stored-engine.ts";
import { Tally, type TallyNumbers } from "./tally.ts";
import type { Terminal } from "./terminal.ts";

const MINUTE_MS = 60_000;

export function addStatus(program: Command, terminal: Terminal): void {
  program
    .command("status")
    .description("positions, pending, counts by band and flag, rejects, as of the last committed step")
    .action(async (_options: object, command: Command) => {
      const session = openSession(command, terminal);
      const { engine, head, pending } = await readStoredEngine(session.config);
      const numbers = new Tally(engine.publishedView()).numbers;
      for (const line of statusLines(head, pending, numbers)) session.say(line);
      session.answer({
        engine: head.engine,
        epoch: head.epoch,
        step: head.step,
        clock: clockOf(head),
        unmarkedStep: head.outbox?.step ?? null,
        positions: positionsToJson(head.positions),
        inputs: head.counts,
        pending,
        ...numbers,
      });
    });
}

function statusLines(
  head: StoredHead,
  pending: number,
  { predictions, recommendations, flags }: TallyNumbers,
): string[] {
  const { applied, unchanged, late, rejected } = head.counts;
  const positions = Object.entries(positionsToJson(head.positions)).map(
    ([topic, offsets]) => `${topic} ${offsets.join(",")}`,
  );
  const raised = Object.entries(flags).map(([flag, count]) => `${count} ${flag}`);
  return [
    `engine          ${head.engine}, epoch ${head.epoch}, step ${head.step}`,
    `clock           ${clockOf(head)}`,
    `positions       ${positions.join("; ") || "none"}`,
    `inputs          ${applied} applied, ${unchanged} unchanged, ${late} late, ${rejected} rejected`,
    `pending         ${pending} entitlements`,
    `access held     ${predictions.high} high, ${predictions.medium} medium, ${predictions.low} low, ${predictions.none} not scored`,
    `recommended     ${recommendations}`,
    `flags           ${raised.join(", ")}`,
  ];
}

function clockOf(head: StoredHead): string {
  return new Date(head.clockMinute * MINUTE_MS).toISOString();
}
