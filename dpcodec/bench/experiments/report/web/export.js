// Grades as files. Names stand here again: who opens the file sees what was graded.

const SCHEMA = "dpcodec-listening/1";
const ROLES = { reference: "hidden reference", anchor: "anchor", system: "system" };

/** A session as one object; grades not given are null. */
function asObject(session, report) {
  return {
    schema: SCHEMA,
    method: "MUSHRA, after ITU-R BS.1534-3",
    report: report.title,
    dpcodec: report.dpcodec,
    listener: session.listener,
    seed: session.seed,
    started: session.started,
    saved: new Date().toISOString(),
    trials: session.trials.map(({ clip, order, grades }) => ({
      clip: clip.name,
      clip_digest: clip.digest,
      conditions: order.map((version, i) => ({
        label: String(i + 1),
        system: version.system,
        about: version.about,
        role: ROLES[version.role],
        grade: grades[i],
      })),
    })),
  };
}

/** A line a grade, as RFC 4180 has it. */
function asCsv(object) {
  const { seed, listener } = object;
  const lines = object.trials.flatMap(({ clip, clip_digest, conditions }, t) =>
    conditions.map((c) => [listener, seed, t + 1, clip, clip_digest, c.label, c.system, c.role, c.grade ?? ""]),
  );
  const header = ["listener", "seed", "trial", "clip", "clip_digest", "label", "system", "role", "grade"];
  return csvOf([header, ...lines]);
}

function csvOf(lines) {
  return lines.map((line) => line.map(csvField).join(",") + "\r\n").join("");
}

function csvField(value) {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function saveJson(session, report) {
  download(`grades-${session.seed}.json`, "application/json", JSON.stringify(asObject(session, report), null, 2));
}

function saveCsv(session, report) {
  download(`grades-${session.seed}.csv`, "text/csv", asCsv(asObject(session, report)));
}
