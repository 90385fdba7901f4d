/** `doctor`: looks at everything that a worker rests on, and changes nothing. */
import { type Command, InvalidArgumentError } from "commander";
import { AppError } from "../errors.ts";
import { examineSize } from "./doctor-size.ts";
import { examineCompany, examineInbox, examineProgram, examineState, type StateFindings } from "./doctor-state.ts";
import { examineAppends, examineBackup, examinePositions, examineProgress, examineTopics } from "./doctor-topics.ts";
import { Examination } from "./examination.ts";
import { withTopics } from "./reading-transport.ts";
import { openSession, type Session } from "./session.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly quick?: boolean;
  readonly size?: boolean;
  readonly people?: number;
  readonly assignments?: number;
  readonly attributes: number;
}

const COUNT_MAX = 1_000_000_000;
const ATTRIBUTES = 8;

const HELP = `
Looks at versions, state, inbox, topics, positions and watermarks, the progress record, the last backup, attributes and
memory. A worker may be running. --size looks at nothing but the numbers given with it.

Exit codes: 0 no problem (warnings are no problems), 1 problems were found, 3 bad configuration.`;

export function addDoctor(program: Command, terminal: Terminal): void {
  program
    .command("doctor")
    .description("look at state, topics, positions, retention and versions; changes nothing")
    .option("--quick", "leave out what takes long: the check of the whole state file, attributes and memory")
    .option("--size", "only estimate the memory that a company will need")
    .option("--people <n>", "of that company", readCount)
    .option("--assignments <n>", "of that company", readCount)
    .option("--attributes <n>", "that a person of that company has", readCount, ATTRIBUTES)
    .addHelpText("after", HELP)
    .action(async (options: Options, command: Command) => {
      const session = openSession(command, terminal);
      const examination = new Examination();
      if (options.size === true) await examineGivenSize(examination, session, options);
      else await examineAll(examination, session, options.quick ?? false);
      for (const line of examination.lines()) session.say(line);
      const { problems } = examination;
      session.answer({ problems, ...examination.toJson() });
      if (problems === 0) return;
      throw new AppError("differs", `${problems} problem${problems === 1 ? "" : "s"} found`, "each says what to do");
    });
}

async function examineGivenSize(examination: Examination, { config }: Session, options: Options): Promise<void> {
  const { people, assignments, attributes } = options;
  if (people === undefined || assignments === undefined) {
    throw new AppError("usage", "--size needs --people and --assignments", "doctor --size --people N --assignments M");
  }
  await examination.of("memory", (subject) =>
    examineSize(subject, config, { people, assignments, itemsPerPerson: attributes }),
  );
}

async function examineAll(examination: Examination, session: Session, quick: boolean): Promise<void> {
  await examination.of("program", (subject) => examineProgram(subject, session));
  const state = await examination.of("state", (subject) => examineState(subject, session, !quick));
  await examination.of("inbox", (subject) => examineInbox(subject, session));
  await examineTransport(examination, session, state ?? { head: null, inUse: false });
  if (!quick && state?.head != null) await examineCompany(examination, session);
}

/** Topics that cannot be read say so once; nothing else is asked of them then. */
async function examineTransport(examination: Examination, session: Session, state: StateFindings): Promise<void> {
  const topics = await examination.of("topics", (subject) => examineTopics(subject, session));
  if (topics === null) return;
  if (session.config.transport === "kafka") {
    await examination.of("appends", (subject) => examineAppends(subject, session, topics));
  }
  await examination.of("reading", () =>
    withTopics(session, async (transport) => {
      const watermarks = await examination.of("positions", (subject) =>
        examinePositions(subject, state.head, transport),
      );
      if (watermarks === null) return;
      await examination.of("progress", (subject) => examineProgress(subject, state, transport, watermarks));
      await examination.of("backup", (subject) => examineBackup(subject, session.config, topics, watermarks));
    }),
  );
}

function readCount(value: string): number {
  const count = Number(value);
  if (Number.isInteger(count) && count >= 1 && count <= COUNT_MAX) return count;
  throw new InvalidArgumentError(`Allowed: a whole number from 1 to ${COUNT_MAX}.`);
}
