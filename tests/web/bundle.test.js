/** The package that `make npm` builds, and its one script. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import test from "node:test";

import { decode } from "../../dpcodec/web/index.js";
import { conformanceFile } from "./files.js";

const PACKAGE = new URL("../../build/npm/", import.meta.url);
const skip = existsSync(PACKAGE) ? false : "make npm builds it";

test("the script and the package decode as the modules do", { skip }, async () => {
  const bytes = conformanceFile("good", "frames-2048");
  const text = readFileSync(new URL("dpcodec.js", PACKAGE), "utf8");
  const script = new Function(`${text}; return dpcodec;`)();
  const { main } = JSON.parse(readFileSync(new URL("package.json", PACKAGE), "utf8"));
  const fromNpm = await import(new URL(main, PACKAGE));
  await fromNpm.loadTables();
  const wanted = decode(bytes).channels;
  assert.deepEqual(script.decode(bytes).channels, wanted);
  assert.deepEqual(fromNpm.decode(bytes).channels, wanted);
});
