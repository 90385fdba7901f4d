/** Puts a hand on the transactions of chosen transactional ids, between our code and kafkajs. */
import kafkajs, { type Kafka, type Producer, type ProducerConfig, type Transaction } from "kafkajs";
import { vi } from "vitest";

/** Gives back the transaction to use instead; `nth` counts from 1 for each producer. */
export type TransactionHook = (transaction: Transaction, nth: number) => Transaction;

type MakeProducer = (this: Kafka, options?: ProducerConfig) => Producer;

/** By transactional id. Remove a hook to leave later producers alone. End with `vi.restoreAllMocks()`. */
export function hookTransactions(hookOf: (transactionalId: string) => TransactionHook | undefined): void {
  const original = Object.getOwnPropertyDescriptor(kafkajs.Kafka.prototype, "producer")?.value as MakeProducer;
  vi.spyOn(kafkajs.Kafka.prototype, "producer").mockImplementation(function (this: Kafka, options) {
    const producer = original.call(this, options);
    const hook = hookOf(options?.transactionalId ?? "");
    if (hook === undefined) return producer;
    let begun = 0;
    return {
      ...producer,
      transaction: async () => {
        const transaction = await producer.transaction();
        begun++;
        return hook(transaction, begun);
      },
    };
  });
}
