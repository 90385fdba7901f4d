/** kafkajs brings gzip only; a batch in another compression would crash the consumer. These decode, in JavaScript. */
import { decompress as unzstd } from "fzstd";
import kafkajs from "kafkajs";
import snappy from "kafkajs-snappy";
import lz4 from "lz4js";

interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

/** For the whole process; calling it again does nothing new. */
export function registerCodecs(): void {
  const { Snappy, LZ4, ZSTD } = kafkajs.CompressionTypes;
  const codecs = kafkajs.CompressionCodecs as Record<number, () => Codec>;
  codecs[Snappy] = snappy;
  codecs[LZ4] = () => decoder("lz4", (buffer) => lz4.decompress(buffer));
  codecs[ZSTD] = () => decoder("zstd", (buffer) => unzstd(buffer));
}

function decoder(name: string, decode: (buffer: Uint8Array) => Uint8Array): Codec {
  return {
    async compress() {
      throw new Error(`records are not written with ${name}`);
    },
    async decompress(buffer) {
      const bytes = decode(buffer);
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
  };
}
