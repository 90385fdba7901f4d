import sqlite from "@databases/sqlite";
import { openStore } from "../../src/state/sqlite-store.ts";
import { storeContract } from "../contracts/store.ts";
import { makeStateFolder, removeStateFolder, runSql } from "../support/state-folder.ts";

storeContract("SQLite", async () => {
  const folder = await makeStateFolder();
  return {
    open: () => openStore(folder),
    takeOver: async (epoch) => {
      await runSql(folder, [sqlite.sql`UPDATE head SET epoch = ${epoch}`]);
    },
    dispose: () => removeStateFolder(folder),
  };
});
