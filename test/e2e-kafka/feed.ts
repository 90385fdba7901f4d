/** A producer that is not ours: plain kafkajs, keys as the docs of the events say. Remembers what it wrote. */
import kafkajs, { type Kafka, type Message, type Producer, type TopicMessages } from "kafkajs";
import { type EncodableEvent, encodeEventAvro } from "../../src/events/encode-event.ts";
import type { SchemaTable } from "../../src/events/schema-table.ts";

const CHUNK = 200;
const TIMES: ReadonlySet<string> = new Set(["at", "lastUsedAt", "expiresAt", "endsAt", "lastLoginAt"]);

export interface FeedOptions {
  readonly prefix: string;
  /** null: JSON. */
  readonly avro: SchemaTable | null;
}

export class Feed {
  readonly #producer: Producer;
  readonly #options: FeedOptions;
  /** In the order in which they were acknowledged. */
  readonly sent: EncodableEvent[] = [];
  broken = 0;

  constructor(kafka: Kafka, options: FeedOptions) {
    this.#producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    this.#options = options;
  }

  async connect(): Promise<void> {
    await this.#producer.connect();
  }

  async send(events: readonly EncodableEvent[]): Promise<void> {
    for (let from = 0; from < events.length; from += CHUNK) {
      const chunk = events.slice(from, from + CHUNK);
      await this.#producer.sendBatch({ topicMessages: this.#topicMessages(chunk) });
      this.sent.push(...chunk);
    }
  }

  /** Records that no decoder takes. */
  async sendBroken(count: number): Promise<void> {
    const value = this.#options.avro === null ? '{"type":"identity.upsert' : Buffer.from([0, 0, 0, 0, 1, 255]);
    const messages = Array.from({ length: count }, (_, n) => ({ key: `broken-${this.broken + n}`, value }));
    await this.#producer.send({ topic: `${this.#options.prefix}hr.identities`, messages });
    this.broken += count;
  }

  async disconnect(): Promise<void> {
    await this.#producer.disconnect();
  }

  #topicMessages(events: readonly EncodableEvent[]): TopicMessages[] {
    const topics = new Map<string, Message[]>();
    for (const event of events) {
      const [name, key] = placeOf(event);
      const topic = `${this.#options.prefix}${name}`;
      const messages = topics.get(topic) ?? [];
      messages.push({ key, value: this.#encode(event) });
      topics.set(topic, messages);
    }
    return Array.from(topics, ([topic, messages]) => ({ topic, messages }));
  }

  #encode(event: EncodableEvent): Buffer {
    const { avro } = this.#options;
    return avro === null ? Buffer.from(plainJson(event)) : Buffer.from(encodeEventAvro(event, avro));
  }
}

function placeOf(event: EncodableEvent): readonly [topic: string, key: string] {
  if ("user" in event && !("entitlement" in event)) return ["hr.identities", event.user];
  if ("user" in event) return ["iga.assignments", event.entitlement];
  if ("entitlement" in event) return ["iga.entitlements", event.entitlement];
  throw new Error(`${event.type} is no event of a company's life`);
}

function plainJson(event: EncodableEvent): string {
  return JSON.stringify(event, (name, value: unknown) => {
    if (TIMES.has(name) && typeof value === "number") return new Date(value).toISOString();
    return name === "attributes" ? Object.fromEntries(value as [string, string[]][]) : value;
  });
}
