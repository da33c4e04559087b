/** The numbers that the format rests on: the JSON files of dpcodec/coding/tables, given by whoever loads them. */

/**
 * @typedef {{weights: number[][], bias: number[], outputs: number[][], output_bias: number[]}} NetworkNumbers
 * @typedef {{[name: string]: any}} Table
 */

export const TABLE_NAMES = ["stft", "mdct", "scale_factors", "perceptual", "frames"];

/** @type {Map<string, Table>} */
const GIVEN_TABLES = new Map();

/** Gives the tables, by name. @param {{[name: string]: Table}} tables */
export function setTables(tables) {
  for (const name of TABLE_NAMES) GIVEN_TABLES.set(name, tables[name]);
}

/** The table of a name. @param {string} name @returns {Table} */
export function codingTable(name) {
  const table = GIVEN_TABLES.get(name);
  if (!table) throw new Error(`table ${name} was not given: call setTables first`);
  return table;
}
