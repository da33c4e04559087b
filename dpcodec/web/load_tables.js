/** The tables from their files: in a browser over HTTP, in node from the disk. */

import { TABLE_NAMES, setTables } from "./coding/tables.js";

/**
 * Loads the JSON files that stand under an address; where none is given, where the package has them.
 * @param {URL | string} [base]
 */
export async function loadTables(base = new URL("../coding/tables/", import.meta.url)) {
  /** @type {{[name: string]: any}} */
  const tables = {};
  for (const name of TABLE_NAMES) tables[name] = JSON.parse(await textAt(new URL(`${name}.json`, base)));
  setTables(tables);
}

/** @param {URL} url @returns {Promise<string>} */
async function textAt(url) {
  if (url.protocol === "file:") {
    const node = "node:fs/promises";
    const { readFile } = await import(node);
    return readFile(url, "utf8");
  }
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.text();
}
