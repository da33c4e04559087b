// Comparisons as files.

const ABX_SCHEMA = "dpcodec-abx/1";

/** A comparison as one object; answers not given are null. */
function comparisonObject(session, report) {
  return {
    schema: ABX_SCHEMA,
    method: "ABX",
    report: report.title,
    dpcodec: report.dpcodec,
    listener: session.listener,
    seed: session.seed,
    started: session.started,
    saved: new Date().toISOString(),
    a: session.systems[0],
    b: session.systems[1],
    planned: session.trials.length,
    ...scoreOf(session.trials),
    trials: session.trials.map(({ clip, x, answer }) => ({ clip: clip.name, clip_digest: clip.digest, x, answer })),
  };
}

/** A line a trial, as RFC 4180 has it. */
function comparisonCsv(object) {
  const { listener, seed, a, b } = object;
  const lines = object.trials.map(({ clip, clip_digest, x, answer }, t) => {
    const correct = answer === null ? "" : Number(answer === x);
    return [listener, seed, t + 1, clip, clip_digest, a, b, x, answer ?? "", correct];
  });
  const header = ["listener", "seed", "trial", "clip", "clip_digest", "a", "b", "x", "answer", "correct"];
  return csvOf([header, ...lines]);
}

function saveComparisonJson(session, report) {
  const text = JSON.stringify(comparisonObject(session, report), null, 2);
  download(`abx-${session.seed}.json`, "application/json", text);
}

function saveComparisonCsv(session, report) {
  download(`abx-${session.seed}.csv`, "text/csv", comparisonCsv(comparisonObject(session, report)));
}
