/** The process that `bench:batch` times: folder of the files, folder of the state, people, seed. */
import { runBatch } from "./batch-run.ts";

const [folder = "", stateFolder = "", people = "", seed = ""] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await runBatch(folder, stateFolder, Number(people), Number(seed))));
