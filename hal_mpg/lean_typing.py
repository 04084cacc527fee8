# SPDX-License-Identifier: GPL-2.0-or-later
"""What the component needs of `typing`, without importing that, and what that imports, at every start.

`typing`, and `re` which it imports, would take a fifth of the time from `loadusr` to ready.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
    from typing import Protocol as Protocol
else:
    from collections import _tuplegetter as field_getter

    class _NamedTupleMeta(type):
        """Makes the annotated fields of a class body the fields of a tuple."""

        def __new__(mcs, name, bases, body):
            fields = tuple(body.get("__annotations__", ()))
            if fields:
                body["_field_defaults"] = {field: body[field] for field in fields if field in body}
                body["_fields"] = body["__match_args__"] = fields
                body.update({field: field_getter(place, None) for place, field in enumerate(fields)})
            body["__slots__"] = ()
            return super().__new__(mcs, name, bases, body)

    class NamedTuple(tuple, metaclass=_NamedTupleMeta):
        """As typing.NamedTuple, which compiles a function for each class that is made."""

        _fields = ()
        _field_defaults = {}  # noqa: RUF012  # nobody changes it

        def __new__(cls, *values, **named):
            if named or len(values) != len(cls._fields):
                values = cls._all_values(values, named)
            return tuple.__new__(cls, values)

        @classmethod
        def _all_values(cls, values, named):
            """Return the value of each field. Raises TypeError where one has none, or two."""
            given = dict(zip(cls._fields, values, strict=False))
            complete = {**cls._field_defaults, **given, **named}
            surplus = (
                len(values) > len(given) or given.keys() & named.keys() or complete.keys() - {*cls._fields}
            )
            if surplus or len(complete) < len(cls._fields):
                raise TypeError(
                    f"{cls.__name__}({', '.join(cls._fields)}) cannot be made of {values}, {named}"
                )
            return [complete[field] for field in cls._fields]

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def _replace(self, **changes):
            return type(self)(**{**self._asdict(), **changes})

        def __repr__(self):
            return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self._asdict().items())})"

        def __getnewargs__(self):  # for copies and pickles
            return tuple(self)

    class Protocol:
        """As typing.Protocol: what a class has to have. Only the type checker looks."""
