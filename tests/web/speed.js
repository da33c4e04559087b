/** `node speed.js FILE`: how fast a file decodes, as JSON. */

import { readFileSync } from "node:fs";

import { decode, loadTables } from "../../dpcodec/web/index.js";

const RUNS = 4;

await loadTables();
const bytes = new Uint8Array(readFileSync(process.argv[2]));
const seconds = [];
for (let run = 0; run < RUNS; run++) {
  const before = process.cpuUsage();
  decode(bytes);
  seconds.push(process.cpuUsage(before).user / 1e6);
}
process.stdout.write(JSON.stringify({ first: seconds[0], best: Math.min(...seconds) }));
