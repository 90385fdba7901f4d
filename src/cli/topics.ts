/** `topics`: creates or checks the Kafka topics. The Kafka client is loaded only here and for a worker on Kafka. */
import type { Command } from "commander";
import { AppError } from "../errors.ts";
import { openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly create?: boolean;
}

export function addTopics(program: Command, terminal: Terminal): void {
  program
    .command("topics")
    .description("check the Kafka topics: existence, partitions, cleanup policies, retention")
    .option("--create", "create what is missing first")
    .action(async ({ create = false }: Options, command: Command) => {
      const session = openSession(command, terminal);
      const { transport } = session.config;
      if (transport !== "kafka") {
        throw new AppError("usage", `transport is ${transport}, which needs no topics`, "add --set transport=kafka");
      }
      const { lookAtTopics } = await import("./kafka-topics.ts");
      await lookAtTopics(session, create);
    });
}
