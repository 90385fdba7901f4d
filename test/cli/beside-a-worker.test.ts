import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { EXIT_CODES } from "../../src/errors.ts";
import { CliFolder, type Run } from "./corollary.ts";

const cli = new CliFolder();
afterAll(() => cli.remove());

test("beside a running worker, reading works, input is handed over, and the rest is refused", async () => {
  const data = ["--data", "held"];
  await cli.json(["apply", "-", ...data], {
    stdin: '{"type":"identity.upserted","user":"a","attributes":{"CITY":"X"}}\n',
  });

  const seen: Record<string, Run> = {};
  const worker = await cli.spawn(["run", ...data], {
    when: {
      said: /"running"/,
      act: async (child) => {
        writeFileSync(join(cli.path, "people.csv"), "USR_KEY,CITY\na,Y\nb,Y\n");
        seen["status"] = await cli.run(["status", "--json", ...data]);
        seen["apply"] = await cli.run(["apply", "-", ...data], {
          stdin: '{"type":"identity.upserted","user":"c","attributes":{}}\n',
        });
        seen["import"] = await cli.run(["import", "--identities", "people.csv", "--json", ...data]);
        seen["run"] = await cli.run(["run", ...data]);
        seen["reconcile"] = await cli.run(["reconcile", ...data]);
        for (let tries = 0; tries < 100; tries++) {
          seen["after"] = await cli.run(["status", "--json", ...data]);
          if (seen["after"].out.includes('"hr.identities":[4]')) break;
          await sleep(100);
        }
        child.kill("SIGTERM");
      },
    },
  });

  expect(worker.code).toBe(0);
  expect(JSON.parse(seen["status"]?.out ?? "")).toMatchObject({ inputs: { applied: 1 } });
  expect(seen["apply"]).toMatchObject({
    code: 0,
    out: expect.stringContaining("1 lines handed to the worker") as string,
  });
  expect(JSON.parse(seen["import"]?.out ?? "")).toMatchObject({
    handedOver: true,
    events: { "identity.upserted": 1, "identity.changed": 1 },
  });
  for (const command of ["run", "reconcile"]) {
    expect(seen[command]?.code, command).toBe(EXIT_CODES.locked);
    expect(seen[command]?.err).toMatch(/process \d+/);
  }
  expect(JSON.parse(seen["after"]?.out ?? "")).toMatchObject({
    positions: { "hr.identities": [4] },
    inputs: { applied: 4 },
  });
});
