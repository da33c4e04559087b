// A grading session: which sounds stand behind which numbers, and the grades. No document, no sound.

/** Numbers in [0, 1) from a seed of 32 bits: mulberry32 by Tommy Ettinger (public domain). */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A shuffled copy (Fisher and Yates, from the end). */
function shuffled(list, random) {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}

function newSeed() {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

/**
 * Clips in random order, and in each the versions whose systems are in `systems` in random order: the hidden
 * reference, the anchor and the rest alike. One seed gives one session.
 */
function newSession(clips, systems, seed, listener) {
  const random = randomFrom(seed);
  const trials = shuffled(clips, random).map((clip) => {
    const versions = clip.versions.filter((version) => systems.has(version.system));
    return { clip, order: shuffled(versions, random), grades: versions.map(() => null) };
  });
  return { seed, listener, started: new Date().toISOString(), trials };
}

function missingGrades(trial) {
  return trial.grades.filter((grade) => grade === null).length;
}

/** The word for a grade on the continuous quality scale. */
function wordFor(grade) {
  return ["Bad", "Poor", "Fair", "Good", "Excellent"][Math.min(Math.floor(grade / 20), 4)];
}

/** Per system its grades by clip, in the order of the report. */
function gradesBySystem(session, clips) {
  const result = new Map();
  for (const clip of clips) {
    const { order, grades } = session.trials.find((trial) => trial.clip === clip);
    for (const version of clip.versions.filter((v) => order.includes(v))) {
      if (!result.has(version.system)) result.set(version.system, new Map());
      result.get(version.system).set(clip, grades[order.indexOf(version)]);
    }
  }
  return result;
}
