/**
 * `rejects replay`: appends the bytes of rejected records to their topic once more. The source of each append names the
 * reject, so that a reject is replayed once, however often the command is repeated. A record that is refused again is a
 * new reject.
 */
import { createHash } from "node:crypto";
import type { Command } from "commander";
import type { Config } from "../config/keys.ts";
import { AppError } from "../errors.ts";
import type { DecodedReject } from "../events/decode-reject.ts";
import type { AppendRecord } from "../transport/transport.ts";
import { type InputDoor, openInputDoor } from "./input-door.ts";
import { withTopics } from "./reading-transport.ts";
import { findRejects, placeOf, readRejects } from "./rejects-topic.ts";
import { openSession, type Session } from "./session.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly all?: boolean;
}

interface Replay {
  readonly replayed: number;
  /** What could not be, and why. */
  readonly skipped: readonly string[];
}

const HELP = `
PLACE is topic/partition/offset, as \`rejects list\` shows it. Mend the cause first: a record that is still bad is rejected
again, under its new place. An event without \`at\` counts as happening now. Where a worker holds the state, it gets the records through its inbox.

Exit codes: 0 replayed, 2 neither places nor --all, 4 no such reject, 6 or 7 the state or the topics cannot be used.`;

export function addReplay(rejects: Command, terminal: Terminal): void {
  rejects
    .command("replay")
    .description("append rejected records to their topic again, byte for byte, each reject once")
    .argument("[place...]")
    .option("--all", "every reject that was not replayed yet")
    .addHelpText("after", HELP)
    .action(async (places: string[], { all = false }: Options, command: Command) => {
      const session = openSession(command, terminal);
      if (all === places.length > 0) {
        throw new AppError("usage", "name either places or --all", "`corollary rejects list` shows the places");
      }
      await withTopics(session, async (transport) => {
        const chosen = all ? readRejects(session, transport) : await findRejects(session, transport, places);
        const door = await openInputDoor(session);
        try {
          await conclude(session, door, await replay(session.config, door, chosen));
        } finally {
          await door.close();
        }
      });
    });
}

async function replay(
  config: Config,
  door: InputDoor,
  rejects: AsyncIterable<DecodedReject> | Iterable<DecodedReject>,
): Promise<Replay> {
  const inputs = inputTopics(config);
  const skipped: string[] = [];
  let replayed = 0;
  for await (const reject of rejects) {
    const obstacle = obstacleOf(reject, inputs);
    if (obstacle !== null) {
      skipped.push(`${placeOf(reject)}: ${obstacle}`);
      continue;
    }
    await door.submit(sourceOf(reject), [recordOf(reject)]);
    replayed += 1;
  }
  return { replayed, skipped };
}

function inputTopics({ topics }: Config): ReadonlySet<string> {
  const { prefix, identities, assignments, entitlements, requests, decisions } = topics;
  return new Set([identities, assignments, entitlements, requests, decisions].map((name) => `${prefix}${name}`));
}

function obstacleOf({ topic, wholeBytes }: DecodedReject, inputs: ReadonlySet<string>): string | null {
  if (!inputs.has(topic)) return `${topic} is no input topic any more`;
  if (wholeBytes === null) return null;
  return `it had ${wholeBytes} bytes and was cut; the whole of it is in the input topic`;
}

/** The digest tells records apart that stood in the same place, before and after a topic was made anew. */
function sourceOf(reject: DecodedReject): string {
  const digest = createHash("sha256").update(reject.value ?? new Uint8Array());
  return `reject-${placeOf(reject).replaceAll("/", "-")}-${digest.digest("hex").slice(0, 16)}`;
}

/** The key decides the partition only; it is text in every format that we read. */
function recordOf({ topic, key, value, headers }: DecodedReject): AppendRecord {
  return { topic, key: Buffer.from(key ?? []).toString(), value: value ?? new Uint8Array(), headers };
}

async function conclude(session: Session, { worker }: InputDoor, { replayed, skipped }: Replay): Promise<void> {
  for (const line of skipped) session.say(`not replayed: ${line}`);
  if (worker === null) {
    session.say(`${replayed} records handed to the worker that holds ${session.config.data}`);
    session.answer({ replayed, skipped, handedOver: true });
    return;
  }
  const summary = await worker.runUntilQuiet(session.terminal.signal);
  const { applied, unchanged, late, rejected } = summary.counts;
  session.say(`${replayed} rejects, ${summary.records} records read anew; those replayed before are skipped`);
  session.say(`${applied} applied, ${unchanged} unchanged, ${late} late, ${rejected} rejected`);
  session.answer({ replayed, skipped, handedOver: false, ...summary });
}
