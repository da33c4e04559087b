/** The public names of the decoder. */

export * from "./core.js";
export { loadTables } from "./load_tables.js";
