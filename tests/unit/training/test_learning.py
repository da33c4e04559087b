"""Networks learn what is there, become integers without change, and tables start from what was counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dpcodec
from dpcodec import SettingsError
from dpcodec.training import counts, export, network
from dpcodec.training.coder import HIDDEN, LARGEST_INPUT, SHAPES, frozen, inputs_of_networks, network_of
from dpcodec.training.collect import Samples
from dpcodec.training.integers import RANGES, integers, largest_sums


def samples_of(rng: np.random.Generator, n: int = 4000) -> list[Samples]:
    """Magnitudes that follow one input of each network: larger, the larger it is."""
    made = []
    for size, stage in zip(inputs_of_networks(), (0, 0, 1, 2, 3), strict=True):
        inputs = rng.integers(0, 177, (n, size)).astype(np.uint8)
        mean = 2 ** (inputs[:, 0] / 16 - 5)
        classes = np.minimum(rng.geometric(1 / (1 + mean)) - 1, 7).astype(np.uint8)
        made.append(Samples(inputs, classes, np.full(n, stage, np.uint8)))
    return made


def test_gradients_are_those_of_the_loss() -> None:
    """Against differences in float64."""
    rng = np.random.default_rng(1)
    parameters = {name: value.astype(np.float64) for name, value in network.start(rng, 9).items()}
    parameters["output_bias"] = np.array([23.3, 6.2])
    row = network.magnitude_row().astype(np.float64)
    x, classes = rng.uniform(0, 6, (50, 9)), rng.integers(0, 9, 50).astype(np.uint8)
    _, gradients, row_gradient = network._gradients(parameters, row, x, classes, False)
    gradients = {**gradients, "row": row_gradient / len(x)}
    everything = {**parameters, "row": row}
    for name, gradient in gradients.items():
        for _ in range(10):
            at = tuple(rng.integers(size) for size in gradient.shape)
            moved = []
            for by in (-1e-5, 1e-5):
                other = {key: value.copy() for key, value in everything.items()}
                other[name][at] += by
                moved.append(network._gradients(other, other.pop("row"), x, classes, False)[0])
            assert gradient[at] == pytest.approx((moved[1] - moved[0]) / 2e-5, rel=2e-3, abs=1e-7), name


def test_what_is_learnt_is_unfolded_and_its_gradients_folded() -> None:
    """Whitened inputs lead to the same hidden values; gradients against differences in float64."""
    rng = np.random.default_rng(8)
    common = rng.normal(90, 30, (3000, 1))
    inputs = np.clip(common + rng.normal(0, 8, (3000, 9)), 0, 255).astype(np.uint8)
    whitened, learnt, row = network._Whitened(inputs), network.start(rng, 9), network.magnitude_row()
    learnt = {name: value.astype(np.float64) for name, value in learnt.items()}
    x, classes = inputs[:40] / network.INPUT_UNIT, rng.integers(0, 9, 40).astype(np.uint8)
    white = (x - whitened._mean) @ whitened._whitening.T
    unfolded = whitened.unfolded(learnt)
    np.testing.assert_allclose(
        x @ unfolded["weights"].T + unfolded["bias"], white @ learnt["weights"].T + learnt["bias"], atol=1e-3
    )
    assert np.abs(np.corrcoef(white.T) - np.eye(9)).max() < 0.6 < np.corrcoef(x.T).min()
    _, found, _ = network._gradients(unfolded, row.astype(np.float64), x, classes, False)
    found = whitened.folded(found)
    for name, gradient in found.items():
        for _ in range(10):
            at = tuple(rng.integers(size) for size in gradient.shape)
            moved = []
            for by in (-1e-5, 1e-5):
                other = {key: value.copy() for key, value in learnt.items()}
                other[name][at] += by
                moved.append(
                    network._gradients(whitened.unfolded(other), row.astype(np.float64), x, classes, False)[0]
                )
            assert gradient[at] == pytest.approx((moved[1] - moved[0]) / 2e-5, rel=2e-3, abs=1e-6), name


def test_the_first_row_of_magnitudes_is_of_distributions_that_grow() -> None:
    row = np.exp(network.magnitude_row().astype(np.float64))
    np.testing.assert_allclose(row.sum(1), 1, atol=1e-4)
    means = row @ np.arange(row.shape[1])
    assert (np.diff(means) > 0).all()


def test_networks_learn_which_input_decides() -> None:
    samples = samples_of(np.random.default_rng(2))
    told: list[float] = []
    trained = network.train(samples, 300, 0, lambda step, bits: told.append(bits))
    assert len(told) == 300
    made = [integers(one) for one in trained]
    for numbers, sample in zip(made, samples, strict=True):
        zero, _ = network_of(numbers).contexts(np.ascontiguousarray(sample.inputs.T, np.float32))
        assert np.corrcoef(zero, sample.inputs[:, 0])[0, 1] > 0.9
    table = counts.mdct_tables(made, samples)
    assert np.shape(table["nonzero"]) == (6, 48)
    assert np.shape(table["magnitudes"]) == SHAPES["magnitudes"]
    assert (np.diff(table["nonzero"], axis=1) >= 0).all()
    again = network.train(samples, 300, 0, lambda step, bits: None)
    np.testing.assert_array_equal(trained[4]["weights"], again[4]["weights"])


def test_a_network_without_samples_is_an_error() -> None:
    samples = samples_of(np.random.default_rng(2), 0)
    with pytest.raises(SettingsError, match="too few pieces"):
        network.train(samples, 1, 0, lambda step, bits: None)


def test_integers_compute_what_the_rounded_floats_do() -> None:
    """Classes of the coder's network against the forward pass that was trained, in float64: equal but where
    a hidden value or an output is next to a bound."""
    rng = np.random.default_rng(4)
    parameters = network.start(rng, 33)
    parameters["weights"] *= 3
    seen = {name: value.astype(np.float64) for name, value in network.rounded(parameters).items()}
    inputs = rng.integers(0, 177, (2000, 33))
    hidden = np.clip(
        inputs / network.INPUT_UNIT @ seen["weights"].T + seen["bias"], 0, network.LARGEST_HIDDEN
    )
    hidden = np.round(hidden * network.HIDDEN_UNIT) / network.HIDDEN_UNIT
    out = hidden @ seen["outputs"].T + seen["output_bias"]
    zero, magnitude = network_of(integers(parameters)).contexts(inputs.T.astype(np.float32))
    assert np.mean(zero == np.clip(np.floor(out[:, 0]), 0, 47)) > 0.97
    assert np.mean(magnitude == np.clip(np.floor(out[:, 1]), 0, 23)) > 0.97


def test_no_sum_within_the_ranges_passes_what_float32_holds() -> None:
    widest = {
        name: np.full(shape, RANGES[name][0]).tolist()
        for name, shape in (
            ("weights", (HIDDEN, max(inputs_of_networks()))),
            ("bias", (HIDDEN,)),
            ("outputs", (2, HIDDEN)),
            ("output_bias", (2,)),
        )
    }
    assert max(largest_sums(widest, LARGEST_INPUT)) < 2**24


def test_integers_stay_within_their_ranges() -> None:
    wild = {name: 1e4 * value for name, value in network.start(np.random.default_rng(0), 29).items()}
    numbers = integers(wild)
    for name, (low, high) in RANGES.items():
        assert np.min(numbers[name]) >= low
        assert np.max(numbers[name]) <= high
    assert max(largest_sums(numbers, LARGEST_INPUT)) < 2**24
    for found in frozen()["mdct"]["networks"]:
        assert max(largest_sums(found, LARGEST_INPUT)) < 2**24


def test_values_that_fall_are_pooled() -> None:
    """The textbook's example, and against all ways to cut short rows into pools."""
    found = counts._rising(np.array([1, 2, 6, 2, 10]), np.ones(5))
    assert found.tolist() == [1, 2, 4, 4, 10]
    rng = np.random.default_rng(3)
    for _ in range(50):
        values, weights = rng.integers(0, 4096, 5), rng.uniform(1, 9, 5)
        best = min(_pools(values, weights), key=lambda row: float(np.sum(weights * (row - values) ** 2)))
        np.testing.assert_allclose(counts._rising(values, weights), best, atol=3)


def _pools(values: np.ndarray, weights: np.ndarray) -> list[np.ndarray]:
    """Rows that never fall, constant at the mean of each pool."""
    rows = []
    for cuts in range(16):
        pools = np.split(np.arange(5), [i + 1 for i in range(4) if cuts >> i & 1])
        row = np.concatenate([np.full(len(p), np.average(values[p], weights=weights[p])) for p in pools])
        if (np.diff(row) >= 0).all():
            rows.append(row)
    return rows


def test_counts_are_shares_where_much_was_seen_and_the_general_ones_where_nothing_was() -> None:
    seen = np.array([[30000, 10000, 0], [0, 0, 0]])
    general = np.array([[1, 1, 2], [1, 1, 2]])
    found = counts.spread(seen, general, 4096)
    np.testing.assert_allclose(found, [[3072, 1024, 1], [1024, 1024, 2048]], atol=3)
    assert found.min() >= 1


def test_tables_have_the_form_of_the_frozen_ones() -> None:
    rng = np.random.default_rng(6)
    names = ("zeros", "real", "imag", "differences", "paired")
    seen = {name: rng.integers(0, 50, SHAPES[name]) for name in names}
    stft, factors = counts.stft_tables(seen), counts.scale_factor_tables(seen)
    assert set(factors) == {"differences", "paired"}
    for table, name in ((stft, "stft"), (factors, "frames")):
        assert {key: np.shape(rows) for key, rows in table.items()} == {
            key: np.shape(frozen()[name][key]) for key in table
        }
    assert np.min(stft["zeros"]) >= 1
    assert np.max(stft["zeros"]) <= 4095
    assert min(np.min(stft["real"]), np.min(stft["imag"]), np.min(factors["differences"])) >= 1
    assert np.min(factors["paired"]) >= 1


def test_files_come_back_and_never_go_into_the_package(tmp_path: Path) -> None:
    tables = frozen()
    paths = export.write(tables, tmp_path / "new")
    assert [path.name for path in paths] == ["stft.json", "mdct.json", "frames.json"]
    assert export.read(tmp_path / "new") == tables
    package = Path(dpcodec.__file__).parent
    (tmp_path / "link").symlink_to(package)
    for folder in (package / "coding" / "tables", package, tmp_path / "link" / "coding"):
        with pytest.raises(SettingsError, match="depend on"):
            export.write(tables, folder)
