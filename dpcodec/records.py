"""`dataclass`, as that of the standard library, in a fraction of the time.

`dataclasses.dataclass` writes the methods of each class as source and compiles it: half a millisecond a
class, and the command needs fifty before it does anything. Here classes share functions that know their
fields; `fields`, `replace` and `asdict` of the standard library work on them as they do there.

>>> @dataclass(frozen=True)
... class Range:
...     first: int
...     last: int = 9
>>> Range(3), Range(3) == Range(3, 9)
(Range(first=3, last=9), True)
"""

from __future__ import annotations

import dataclasses
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass
    from inspect import Signature
else:

    def dataclass(cls=None, /, *, frozen=False, eq=True, kw_only=False, slots=False):
        """The decorator, with these of the standard library's options."""
        if cls is None:
            return lambda cls: dataclass(cls, frozen=frozen, eq=eq, kw_only=kw_only, slots=slots)
        cls = dataclasses.dataclass(cls, init=False, repr=False, eq=False, kw_only=kw_only, slots=slots)
        fields = dataclasses.fields(cls)
        methods = {"__init__": _init(fields, hasattr(cls, "__post_init__"), slots), "__repr__": _repr}
        if slots:
            methods |= {"__getstate__": _state, "__setstate__": _set_state}
        if eq:
            methods |= _comparing(fields, frozen)
        if frozen:
            methods |= {"__setattr__": _refuse_to_assign, "__delattr__": _refuse_to_delete}
        for name, method in methods.items():
            if name not in cls.__dict__:
                setattr(cls, name, method)
        cls.__signature__ = _SIGNATURE
        return cls


Fields = tuple["dataclasses.Field[Any]", ...]


def _init(fields: Fields, checked: bool, slots: bool) -> Callable[..., None]:
    positional = tuple(field.name for field in fields if not field.kw_only)

    def __init__(self: Any, /, *args: Any, **named: Any) -> None:  # noqa: N807 - it becomes that method
        values = dict(zip(positional, args, strict=False)) | named
        if len(values) < len(args) + len(named):
            raise TypeError(f"{type(self).__name__}: more values than fields, or one told twice")
        if len(values) < len(fields):
            _add_defaults(values, fields, type(self).__name__)
        if len(values) > len(fields):
            unknown = values.keys() - {field.name for field in fields}
            raise TypeError(f"{type(self).__name__} has no field {min(unknown)!r}")
        if slots:
            _fill_slots(self, values)
        else:
            self.__dict__.update(values)
        if checked:
            self.__post_init__()

    return __init__


def _add_defaults(values: dict[str, Any], fields: Fields, name: str) -> None:
    for field in fields:
        if field.name not in values:
            if field.default is not dataclasses.MISSING:
                values[field.name] = field.default
            elif field.default_factory is not dataclasses.MISSING:
                values[field.name] = field.default_factory()
            else:
                raise TypeError(f"{name}: {field.name!r} is not told")


def _fill_slots(self: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        object.__setattr__(self, name, value)


def _state(self: Any) -> dict[str, Any]:
    """What is pickled of one with slots."""
    return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


def _set_state(self: Any, state: dict[str, Any]) -> None:
    _fill_slots(self, state)


def _repr(self: Any) -> str:
    told = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self))
    return f"{type(self).__qualname__}({', '.join(told)})"


def _comparing(fields: Fields, frozen: bool) -> dict[str, Any]:
    """By values, of what is frozen also as a key."""
    key = attrgetter("__class__", *(field.name for field in fields if field.compare))

    def __eq__(self: Any, other: Any) -> bool:  # noqa: N807
        return bool(key(self) == key(other)) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(key(self))

    return {"__eq__": __eq__, "__hash__": __hash__ if frozen else None}


def _refuse_to_assign(self: Any, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


class _LateSignature:
    """What `inspect.signature` and `help` show, made when they ask."""

    def __get__(self, record: object, cls: Any) -> Signature:
        from inspect import Parameter, Signature

        def parameter(field: dataclasses.Field[Any]) -> Parameter:
            kind = Parameter.KEYWORD_ONLY if field.kw_only else Parameter.POSITIONAL_OR_KEYWORD
            defaults = (field.default, field.default_factory, Parameter.empty)
            default = next(value for value in defaults if value is not dataclasses.MISSING)
            return Parameter(field.name, kind, default=default, annotation=field.type)

        return Signature(sorted(map(parameter, dataclasses.fields(cls)), key=lambda told: told.kind))


_SIGNATURE = _LateSignature()
