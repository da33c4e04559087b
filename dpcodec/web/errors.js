/** What a reader may refuse, and the exit code of docs/format.md for each. */

/** The base of all; `code` is the exit code that the command gives. */
export class DpcError extends Error {
  /** @param {string} message @param {number} code */
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

/** Bytes that mean nothing. */
export class FormatError extends DpcError {
  /** @param {string} message */
  constructor(message) {
    super(message, 4);
  }
}

/** More than the format, or this decoder, allows. */
export class LimitError extends DpcError {
  /** @param {string} message */
  constructor(message) {
    super(message, 6);
  }
}

/** A file that needs a newer reader. */
export class VersionError extends DpcError {
  /** @param {string} message */
  constructor(message) {
    super(message, 8);
  }
}
