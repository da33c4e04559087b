/** What was wrong with a file: a list that cannot grow without bound. */

const MOST_ENTRIES = 4096;

/**
 * @typedef {"magic" | "header" | "packet" | "junk" | "part" | "segment" | "place" | "duplicate" | "end" | "hash"} DamageKind
 */
/** @typedef {{kind: DamageKind, what: string, segment?: number}} Damage */

/** Entries in the order in which they were found. */
export class DamageLog {
  constructor() {
    /** @type {Damage[]} */
    this.entries = [];
  }

  /** @param {DamageKind} kind @param {string} what @param {number} [segment] */
  add(kind, what, segment) {
    if (this.entries.length < MOST_ENTRIES) this.entries.push({ kind, what, segment });
  }
}
