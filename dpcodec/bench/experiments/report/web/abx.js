// Comparing two systems: a session of trials whose X is one of two sounds, and what its answers are worth.
// No document, no sound.

/**
 * `count` trials over the clips in turn, each turn shuffled; X is A or B as a coin falls. One seed gives one session.
 */
function newComparison(clips, systems, count, seed, listener) {
  const random = randomFrom(seed);
  const order = [];
  while (order.length < count) order.push(...shuffled(clips, random));
  const trials = order.slice(0, count).map((clip) => {
    const pair = systems.map((system) => clip.versions.find((version) => version.system === system));
    return { clip, pair, x: random() < 0.5 ? "A" : "B", answer: null };
  });
  return { seed, listener, systems, started: new Date().toISOString(), trials };
}

/** Clips that have a version by each of the systems. */
function comparable(clips, systems) {
  const has = (clip, system) => clip.versions.some((version) => version.system === system);
  return clips.filter((clip) => systems.every((system) => has(clip, system)));
}

/** { answered, correct, p } of trials. */
function scoreOf(trials) {
  const answered = trials.filter((trial) => trial.answer !== null);
  const correct = answered.filter((trial) => trial.answer === trial.x).length;
  return { answered: answered.length, correct, p: guessing(correct, answered.length) };
}

/**
 * The probability of `correct` or more right answers of `n` by tossing a coin: the exact, one-sided p of the
 * binomial test against 1/2.
 */
function guessing(correct, n) {
  let term = 2 ** -n; // of i = n, then of one right answer less, and so on
  let sum = 0;
  for (let i = n; i >= correct; i--) {
    sum += term;
    term *= i / (n - i + 1);
  }
  return Math.min(sum, 1);
}

/** A p in digits that a reader takes in. */
function spellP(p) {
  return p < 0.001 ? p.toExponential(1) : p.toFixed(3);
}
