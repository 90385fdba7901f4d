import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { applyPatch } from "../../scripts/apply-patches.mjs";
import { assertKafkajsPatched } from "../../src/transport/kafka/patched.ts";
import { installedKafkajs, kafkajsPatch, pristineKafkajs } from "../support/kafkajs-copies.ts";

describe("assertKafkajsPatched", () => {
  test("passes on the installed kafkajs", () => {
    expect(() => assertKafkajsPatched()).not.toThrow();
  });

  test("refuses a kafkajs without the patches, and without any single one of them", () => {
    const copy = pristineKafkajs();
    const from = join(copy.folder, "any.js");
    try {
      expect(() => assertKafkajsPatched(from)).toThrow(/not patched \(records of aborted transactions\)/);
    } finally {
      copy.dispose();
    }
    const parts = kafkajsPatch("corrections").split(/^(?=--- a\/)/m);
    const missing: Record<string, RegExp> = {
      "filterAbortedMessages.js": /aborted transactions/,
      "batch.js": /emptied by compaction/,
      "requestQueue/index.js": /throttled queue/,
    };
    for (const [file, message] of Object.entries(missing)) {
      const other = pristineKafkajs();
      const kept = parts.filter((part) => !part.split("\n", 1)[0]?.endsWith(file)).join("");
      applyPatch(join(other.folder, "node_modules/kafkajs"), kept);
      expect(() => assertKafkajsPatched(join(other.folder, "any.js"))).toThrow(message);
      other.dispose();
    }
  });
});

describe("apply-patches", () => {
  let project: string;
  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), "corollary-patches-"));
    cpSync(join(installedKafkajs, "../../scripts/apply-patches.mjs"), join(project, "scripts/apply-patches.mjs"));
    mkdirSync(join(project, "patches"));
    mkdirSync(join(project, "node_modules/thing"), { recursive: true });
    install("1.0.0", "a\nb\nc\n");
    writeFileSync(
      join(project, "patches/thing-1.0.0.patch"),
      "--- a/x.js\n+++ b/x.js\n@@ -1,3 +1,4 @@\n a\n-b\n+B\n+B2\n c\n",
    );
  });
  afterEach(() => rmSync(project, { recursive: true, force: true }));

  const install = (version: string, text: string): void => {
    writeFileSync(join(project, "node_modules/thing/package.json"), JSON.stringify({ version }));
    writeFileSync(join(project, "node_modules/thing/x.js"), text);
  };
  const text = (): string => readFileSync(join(project, "node_modules/thing/x.js"), "utf8");
  const run = (): string => {
    try {
      return execFileSync("node", [join(project, "scripts/apply-patches.mjs")], { encoding: "utf8", stdio: "pipe" });
    } catch (error) {
      return (error as { stderr: string }).stderr;
    }
  };

  test("applies once, however often it runs", () => {
    expect(run()).toBe("");
    expect(text()).toBe("a\nB\nB2\nc\n");
    expect(run()).toBe("");
    expect(text()).toBe("a\nB\nB2\nc\n");
  });

  test("refuses another version and another text, and names them", () => {
    install("1.0.1", "a\nb\nc\n");
    expect(run()).toContain("is for version 1.0.0, installed is 1.0.1");
    install("1.0.0", "a\nx\nc\n");
    expect(run()).toContain("the text to be patched is not there:\na\nb\nc\nIf an older form");
    install("1.0.0", "a\nb\nc\na\nb\nc\n");
    expect(run()).toContain("x.js");
    expect(text()).toBe("a\nb\nc\na\nb\nc\n");
  });
});
