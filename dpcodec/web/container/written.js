/** Whether parity tells all of a file, and what that is (docs/format.md, "PARITY"). */

import { MAGIC, OVERHEAD_BYTES, TYPE_END, TYPE_INDEX } from "./limits.js";
import { PARITY_FIXED_BYTES } from "./parity.js";

/** @typedef {import("./mend.js").Survey} Survey @typedef {import("./mend.js").Whole} Whole */
/** @typedef {import("./parity.js").Group} Group */

const FLAG_LAST = 1;
const FLAG_FIRST = 2;

/**
 * All packets of the file in their order without its parity, what it was long with that, and whether it lies there just
 * so; null where parity does not tell.
 * @param {Survey} survey @returns {{pieces: Whole[], size: number, unchanged: boolean} | null}
 */
export function asWritten(survey) {
  const blocks = blocksOf(survey);
  const listed = new Set(blocks.flatMap((groups) => groups.flatMap((group) => group.checksums)));
  if (!blocks.length || [...survey.packets.keys()].some((checksum) => !listed.has(checksum))) return null;
  /** @type {(Whole | null)[]} */
  const head = [];
  /** @type {(Whole | null)[]} */
  const rest = [];
  let lostBytes = 0;
  for (const groups of blocks) {
    const members = membersOf(survey, groups);
    if (!members) return null;
    const { flags, start } = groups[0];
    const first = flags & FLAG_FIRST ? 1 : 0;
    const isTail = (/** @type {Whole} */ { type }) => type === TYPE_INDEX || type === TYPE_END;
    const behind = members.length - (flags & FLAG_LAST ? members.slice(-2).filter(isTail).length : 0);
    const { places, lost } = paritiesOf(survey, groups);
    lostBytes += lost;
    head.push(...members.slice(0, first));
    rest.push(...members.slice(first + start, behind), ...places, ...members.slice(behind));
  }
  const order = [...head, ...rest];
  let offset = MAGIC.length;
  let unchanged = !survey.hurt;
  for (const whole of order) {
    unchanged &&= whole !== null && whole.offset === offset;
    offset += whole ? whole.bytes.length : 0;
  }
  const pieces = order.filter((whole) => whole !== null);
  return { pieces, size: offset + lostBytes, unchanged: unchanged && offset === survey.stop };
}

/** The groups of each block in order; none where one is missing or they contradict each other. @param {Survey} survey */
function blocksOf(survey) {
  /** @type {Map<number, Group[]>} */
  const byNumber = new Map();
  const sorted = [...survey.groups.values()].map(({ group }) => group).sort((a, b) => a.block - b.block || a.number - b.number);
  for (const group of sorted) byNumber.set(group.block, [...(byNumber.get(group.block) ?? []), group]);
  const blocks = [...byNumber.values()];
  if (!blocks.every(isBlock)) return [];
  if (sorted.length && sorted[0].block !== 0) {
    const start = blocks.map((block) => startOf(survey, block)).filter((block) => block !== null);
    blocks.unshift(...start.map((group) => [group]));
  }
  const last = blocks.length - 1;
  return blocks.every(([{ block, flags }], n) => block === n && (flags & FLAG_LAST) === (n === last ? FLAG_LAST : 0)) ? blocks : [];
}

/** Whether these are all groups of a block, and agree. @param {Group[]} groups */
function isBlock(groups) {
  const total = groups.reduce((sum, group) => sum + group.members, 0);
  const told = new Set(groups.map((group) => [group.groups, group.flags, group.start, group.startParities].join()));
  const count = groups.length;
  const fits = (/** @type {Group} */ group, /** @type {number} */ n) =>
    group.groups === count && group.number === n && group.members === Math.ceil((total - n) / count);
  return told.size === 1 && groups.every(fits);
}

/**
 * Block 0, of which all parity is lost, as another block tells of it.
 * @param {Survey} survey @param {Group[]} groups @returns {Group | null}
 */
function startOf(survey, groups) {
  const { flags, start, startParities } = groups[0];
  const skipped = flags & FLAG_FIRST ? 1 : 0;
  const own = dealt(groups).slice(skipped, skipped + start);
  const members = own.map(([group, i]) => ({ checksum: group.checksums[i], whole: survey.member(group, i) }));
  if (!startParities || !start || members.length < start || members.some(({ whole }) => !whole)) return null;
  const checksums = members.map(({ checksum }) => checksum);
  const length = Math.max(...members.map(({ whole }) => whole?.bytes.length ?? 0));
  const common = { block: 0, number: 0, groups: 1, flags: 0, start: 0, startParities: 0 };
  return { ...common, key: "start", members: start, parities: startParities, length, checksums };
}

/** Group and number of each member of a block, in the order of the file. @param {Group[]} groups @returns {[Group, number][]} */
function dealt(groups) {
  const rows = Math.max(...groups.map((group) => group.members));
  /** @type {[Group, number][]} */
  const all = [];
  for (let i = 0; i < rows; i++) for (const group of groups) if (i < group.members) all.push([group, i]);
  return all;
}

/** The packets of a block in order, null where one is lost. @param {Survey} survey @param {Group[]} groups */
function membersOf(survey, groups) {
  const all = dealt(groups).map(([group, i]) => survey.member(group, i));
  const there = all.filter((whole) => whole !== null);
  return there.length === all.length ? there : null;
}

/**
 * The parity packets of a block in order, null for those that are lost, and the bytes of these.
 * @param {Survey} survey @param {Group[]} groups
 */
function paritiesOf(survey, groups) {
  /** @type {(Whole | null)[]} */
  const places = [];
  let lost = 0;
  for (let j = 0; j < Math.max(...groups.map((group) => group.parities)); j++) {
    for (const group of groups) {
      if (j >= group.parities) continue;
      const whole = survey.groups.get(group.key)?.places.get(j) ?? null;
      if (!whole) lost += OVERHEAD_BYTES + PARITY_FIXED_BYTES + 4 * group.members + group.length;
      places.push(whole);
    }
  }
  return { places, lost };
}
