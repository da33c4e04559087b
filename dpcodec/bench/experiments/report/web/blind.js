// Grading blind, laid out as MUSHRA (ITU-R BS.1534-3): an open reference, and the versions behind numbers.

class BlindView extends View {
  setup(leave) {
    const begin = ({ systems, seed, listener }) => this.begin(newSession(this.report.clips, systems, seed, listener));
    return setupForm(this.report, begin, leave);
  }

  resume() {
    this.#showTrial(this.at);
  }

  #showTrial(index) {
    this.at = index;
    const trial = this.session.trials[index];
    const sheet = gradingSheet(trial, this.engine, () => {
      this.saved = false;
      showMissing();
    });
    const missing = make("p", { className: "missing" });
    const showMissing = () => {
      const count = missingGrades(trial);
      missing.textContent = count ? `${count} not graded yet` : "All graded";
    };
    showMissing();
    this.stage = { ...sheet, step: (by) => this.#step(by) };
    this.show(
      heading(`Clip ${index + 1} of ${this.session.trials.length}`),
      ...instructions(),
      sheet.element,
      missing,
      this.#buttons(index),
    );
  }

  #step(by) {
    const next = this.at + by;
    if (next >= 0 && next < this.session.trials.length) this.#showTrial(next);
  }

  #buttons(index) {
    const last = index === this.session.trials.length - 1;
    const back = buttonOf("Previous clip", () => this.#step(-1));
    back.disabled = index === 0;
    const onward = last
      ? buttonOf("Finish", () => this.#showResults(), "strong")
      : buttonOf("Next clip", () => this.#step(1), "strong");
    return make("p", { className: "actions" }, back, onward, ...this.#saving(), buttonOf("Leave", () => this.leave()));
  }

  #saving() {
    return this.savingButtons(
      () => saveJson(this.session, this.report),
      () => saveCsv(this.session, this.report),
    );
  }

  #showResults() {
    const clips = this.report.clips;
    const lines = [...gradesBySystem(this.session, clips)].map(([system, grades]) => {
      const given = [...grades.values()].filter((grade) => grade !== null);
      const mean = given.length ? given.reduce((a, b) => a + b) / given.length : null;
      return [system, mean, ...clips.map((clip) => grades.get(clip) ?? null)];
    });
    this.show(
      heading("Your grades"),
      make("p", {}, "0 to 20 bad, to 40 poor, to 60 fair, to 80 good, to 100 excellent. Save them: this page forgets."),
      tableOf("Grades by system and clip", ["system", "mean", ...clips.map((clip) => clip.name)], lines),
      make(
        "p",
        { className: "actions" },
        ...this.#saving(),
        ...this.closing("Grade anew"),
      ),
    );
  }
}

function instructions() {
  const task =
    "Grade each sound against the reference from 0 to 100 by how good it is. One of them is the reference itself: " +
    "it deserves 100.";
  const keys =
    "0 plays the reference, 1 to 9 a sound, and goes to its slider, which the arrows move; space plays and pauses; " +
    "n and p change the clip.";
  return [make("p", {}, task), make("details", {}, make("summary", {}, "Keyboard"), make("p", {}, keys))];
}
