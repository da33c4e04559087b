/** The public names of the decoder that need nothing from elsewhere. */

export { setTables } from "./coding/tables.js";
export { Reader } from "./container/reader.js";
export { SegmentDecoder, decode, durationOf, segmentBefore } from "./decoder.js";
export { DpcError, FormatError, LimitError, VersionError } from "./errors.js";
