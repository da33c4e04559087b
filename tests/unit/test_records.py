"""`dpcodec.records.dataclass` beside the standard library's, on the same classes."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, field
from functools import cached_property
from typing import Any, ClassVar

import pytest

from dpcodec import records

# What a type checker sees is the standard library's decorator: these two differ at run time only.
MAKERS: dict[str, Any] = {"ours": vars(records)["dataclass"], "theirs": dataclasses.dataclass}


def made(maker: Any, **options: Any) -> Any:
    """A class with every kind of field that there is in the package."""

    class Thing:
        """For tests."""

        shared: ClassVar[int] = 7
        first: int
        second: str = "b"
        many: list[int] = field(default_factory=list)
        own: Any = field(default=None, compare=False)

        def __post_init__(self) -> None:
            if self.first < 0:
                raise ValueError("negative")

        @cached_property
        def double(self) -> int:
            return 2 * self.first

    return maker(**options)(Thing) if options else maker(Thing)


@dataclasses.dataclass(frozen=True)
class Theirs:
    """At module level, where pickle finds it."""

    first: int
    second: float = 0.5


@records.dataclass(frozen=True)
class Ours:
    """The same."""

    first: int
    second: float = 0.5


@records.dataclass(frozen=True, slots=True)
class Slots:
    """The same without room for anything else."""

    first: int
    second: float = 0.5


@pytest.fixture(params=[{}, {"frozen": True}, {"frozen": True, "eq": False}, {"kw_only": True}], ids=str)
def pair(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    ours, theirs = (made(maker, **request.param) for maker in MAKERS.values())
    return ours, theirs


CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    *(((), {"first": 1}), ((), {"second": "x", "first": 3, "many": [1]}), ((), {"first": 1, "own": 4})),
    *(((1,), {}), ((1, "c"), {}), ((1, "c", [2], 3), {}), ((1,), {"many": [5]})),
    *(((), {}), ((1, 2, 3, 4, 5), {}), ((1,), {"first": 2}), ((), {"second": "x"}), ((1,), {"none": 2})),
    ((), {"first": -1}),
]


@pytest.mark.parametrize("arguments", CALLS, ids=str)
def test_what_can_be_made_and_what_it_is(
    pair: tuple[Any, Any], arguments: tuple[tuple[Any, ...], dict[str, Any]]
) -> None:
    args, named = arguments
    found: list[Any] = []
    for kind in pair:
        try:
            thing = kind(*args, **named)
        except (TypeError, ValueError) as exc:
            found.append(type(exc))
        else:
            shown = repr(thing).split("Thing", 1)[1]
            found.append((shown, dataclasses.asdict(thing), thing.double, thing.shared))
    assert found[0] == found[1]


def test_comparing_and_hashing(pair: tuple[Any, Any]) -> None:
    found = []
    for kind in pair:
        one, same, other = kind(first=1, own=1), kind(first=1, own=2), kind(first=2)
        found.append([one == same, one == other, one == 1, one != other, kind.__hash__ is None])
        found[-1].append(kind.__hash__ is object.__hash__)
    assert found[0] == found[1]
    with pytest.raises(TypeError, match="unhashable"):
        hash(made(MAKERS["ours"])(1))
    assert hash(Ours(1)) == hash(Ours(1, 0.5))
    assert {Ours(1): 2}[Ours(1)] == 2
    assert {Slots(1): 2}[Slots(first=1)] == 2
    with pytest.raises(FrozenInstanceError):
        Slots(1).first = 2  # type: ignore[misc]


def test_what_is_frozen_stays(pair: tuple[Any, Any]) -> None:
    found = []
    for kind in pair:
        thing = kind(first=1)
        for change in (setattr, delattr):
            try:
                change(thing, "first", *([2] if change is setattr else []))
            except FrozenInstanceError as exc:
                found.append((kind is pair[0], str(exc)))
    assert [said for mine, said in found if mine] == [said for mine, said in found if not mine]


def test_the_standard_library_knows_them(pair: tuple[Any, Any]) -> None:
    ours, theirs = pair
    names = [[f.name for f in dataclasses.fields(kind)] for kind in pair]
    assert names[0] == names[1]
    assert ours.__match_args__ == theirs.__match_args__
    changed = dataclasses.replace(ours(first=1), second="z")
    assert (changed.first, changed.second) == (1, "z")
    with pytest.raises(ValueError, match="negative"):
        dataclasses.replace(changed, first=-1)
    told = [list(inspect.signature(kind).parameters.values()) for kind in pair]
    assert [(p.name, p.kind, p.annotation) for p in told[0]] == [
        (p.name, p.kind, p.annotation) for p in told[1]
    ]
    assert [p.default for p in told[0]][:2] == [inspect.Parameter.empty, "b"]


def test_copies_and_pickles() -> None:
    assert not hasattr(Slots(1), "__dict__")
    for thing in (Ours(1, 2.0), Theirs(1, 2.0), Slots(1, 2.0)):
        assert pickle.loads(pickle.dumps(thing)) == copy.deepcopy(thing) == thing


def test_nothing_is_compiled_while_a_class_is_made() -> None:
    """The standard library's runs `exec` for each method: what all of this is for."""
    program = (
        "import builtins, dataclasses, sys\n"
        "ran = []\n"
        "dataclasses.exec = lambda *args: (ran.append(1), builtins.exec(*args))[1]\n"
        "import dpcodec.settings, dpcodec.container.header\n"
        "print(len(ran))\n"
        "dataclasses.dataclass(type('A', (), {'__annotations__': {'a': int}}))\n"
        "print(len(ran))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    assert before == 0
    assert after > 0
