/** A typed event as a record of the input topic it belongs to. */
import type { Config } from "../config/keys.ts";
import { type EncodableEvent, encodeEvent, type InputChannel, routeOf } from "../events/encode-event.ts";
import type { AppendRecord } from "../transport/transport.ts";

export function eventRecord(event: EncodableEvent, config: Config): AppendRecord {
  const { channel, key } = routeOf(event);
  return { topic: inputTopic(config, channel), key, value: encodeEvent(event), headers: {} };
}

export function inputTopic({ topics }: Config, channel: InputChannel): string {
  return `${topics.prefix}${topics[channel]}`;
}
