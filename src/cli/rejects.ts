/** `rejects`: records that were not taken, and their second chance. */
import { type Command, InvalidArgumentError } from "commander";
import type { DecodedReject } from "../events/decode-reject.ts";
import type { Transport } from "../transport/transport.ts";
import { withTopics } from "./reading-transport.ts";
import { addReplay } from "./rejects-replay.ts";
import { placeOf, readRejects } from "./rejects-topic.ts";
import { openSession, type Session } from "./session.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly last: number;
  readonly values?: boolean;
}

const LAST = 100;
const LAST_MAX = 100_000;

const HELP = `
Values are shown only on demand, because they name people.

Exit codes: 0 listed, 5 the rejects topic holds something else, 7 the topics cannot be read.`;

export function addRejects(program: Command, terminal: Terminal): void {
  const rejects = program.command("rejects").description("records that were not taken");
  rejects
    .command("list")
    .description("the newest rejects: where the record stands, when it was rejected, and why")
    .option("--last <n>", "how many", readLast, LAST)
    .option("--values", "the records themselves, too")
    .addHelpText("after", HELP)
    .action(async ({ last, values = false }: Options, command: Command) => {
      const session = openSession(command, terminal);
      const { total, newest } = await withTopics(session, (transport) => readNewest(session, transport, last));
      for (const reject of newest) {
        session.say(`${placeOf(reject)}  ${new Date(reject.rejectedAtMs).toISOString()}  ${reject.reason}`);
        if (values) session.say(`  ${Buffer.from(reject.value ?? []).toString()}`);
      }
      session.say(`${total} rejects${newest.length < total ? `, the newest ${newest.length} shown` : ""}`);
      session.answer({ total, rejects: newest.map((reject) => listed(reject, values)) });
    });
  addReplay(rejects, terminal);
}

async function readNewest(
  session: Session,
  transport: Transport,
  last: number,
): Promise<{ total: number; newest: DecodedReject[] }> {
  let total = 0;
  let newest: DecodedReject[] = [];
  const keep = () => {
    newest = newest.toSorted((a, b) => a.rejectedAtMs - b.rejectedAtMs).slice(-last);
  };
  for await (const reject of readRejects(session, transport)) {
    total += 1;
    newest.push(reject);
    if (newest.length >= 2 * last) keep();
  }
  keep();
  return { total, newest };
}

function listed(reject: DecodedReject, withValue: boolean): object {
  const { topic, partition, offset, rejectedAtMs, reason, value, wholeBytes } = reject;
  const rejectedAt = new Date(rejectedAtMs).toISOString();
  const facts = { place: placeOf(reject), topic, partition, offset, rejectedAt, reason };
  const sizes = { bytes: wholeBytes ?? value?.length ?? 0, cut: wholeBytes !== null };
  const shown = withValue ? { valueBase64: Buffer.from(value ?? []).toString("base64") } : {};
  return { ...facts, ...sizes, ...shown };
}

function readLast(value: string): number {
  const last = Number(value);
  if (Number.isInteger(last) && last >= 1 && last <= LAST_MAX) return last;
  throw new InvalidArgumentError(`Allowed: a whole number from 1 to ${LAST_MAX}.`);
}
