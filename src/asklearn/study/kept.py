"""Results of a comparison in a folder: one file a run, whole or not there, and how they were made.

    FOLDER/config.json                   everything that makes the same results again, but for the data
    FOLDER/runs/margin-1f2e3d4c-7.parquet   strategy and seed; a row a round: labels, a column a metric, items asked

All of them read as one table: pandas.read_parquet("FOLDER/runs"). Without pyarrow the runs are JSON with the same
columns.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from asklearn.errors import DataError, SettingError
from asklearn.features.store import written
from asklearn.strategies.nesting import expression
from asklearn.study import metrics as measures
from asklearn.study.known import Known
from asklearn.study.simulate import Curve, Setup

FORMAT = 1
GROWS = ("seeds", "strategies")  # later runs may add to them; everything else stays
FULL_NAME = "(all rows)"  # no expression reads so: the model that learned from all rows

OWN = ("strategy", "seed", "labels", "items")  # columns beside the metrics

Columns = dict[str, list[Any]]


def config(
    known: Known, setup: Setup, strategies: Mapping[str, Any], seeds: tuple[int, ...]
) -> dict[str, Any]:
    """What makes the same results from the same data, as JSON can hold it."""
    given = known.test
    return {
        "format": FORMAT,
        "data": known.fingerprint,
        "rows": len(known),
        "test": given if not isinstance(given, tuple) else f"{len(given[1])} rows of their own",
        "groups": known.groups is not None,
        "model": model_said(setup.model),
        "start": setup.start,
        "batch": setup.batch,
        "budget": setup.budget,
        "metrics": [measures.name_of(metric) for metric in setup.metrics],
        "versions": {name: version(name) for name in ("asklearn", "numpy", "scikit-learn", "scipy")},
        "strategies": {
            name: spec if isinstance(spec, str) else expression(spec) for name, spec in strategies.items()
        },
        "seeds": list(seeds),
    }


def model_said(model: Any) -> Any:
    """A model in words that make it again: its name, or its class and settings."""
    if isinstance(model, str):
        return model
    kind = type(model)
    settings = model.get_params(deep=True) if hasattr(model, "get_params") else {}
    return {
        "class": f"{kind.__module__}.{kind.__qualname__}",
        "params": {k: repr(v) for k, v in settings.items()},
    }


@dataclass(frozen=True)
class Folder:
    """The folder of one comparison."""

    path: Path

    @property
    def config(self) -> dict[str, Any]:
        """How its runs are made. Raises `DataError` for a folder that is none."""
        file = self.path / "config.json"
        try:
            found: dict[str, Any] = json.loads(file.read_bytes())
        except FileNotFoundError as error:
            raise DataError(f"{self.path} holds no comparison: there is no config.json in it") from error
        except ValueError as error:
            raise DataError(f"{file} is damaged; delete it, and the comparison begins anew") from error
        return found

    def begin(self, config: Mapping[str, Any]) -> None:
        """Make the folder, or go on in it. Raises `SettingError` when it holds runs made otherwise."""
        merged = dict(config)
        if (self.path / "config.json").exists():
            there = self.config
            for name in config:
                if name not in GROWS and there.get(name) != config[name]:
                    raise SettingError(
                        f"{self.path} holds runs with {name} {there.get(name)!r}, not {config[name]!r}: "
                        "name another folder"
                    )
            for name, spec in there["strategies"].items():
                if config["strategies"].get(name, spec) != spec:
                    raise SettingError(
                        f"{name!r} stands for {spec} in {self.path}, not for {config['strategies'][name]}: "
                        "name another folder"
                    )
            merged["strategies"] = there["strategies"] | config["strategies"]
            merged["seeds"] = sorted({*there["seeds"], *config["seeds"]})
        (self.path / "runs").mkdir(parents=True, exist_ok=True)
        with written(self.path / "config.json") as file:
            file.write(json.dumps(merged, indent=1, ensure_ascii=False).encode())

    def keep(self, strategy: str | None, seed: int, result: Curve | dict[str, float]) -> None:
        """Write one result; whoever sees its file sees it whole."""
        columns = rounds(result) if isinstance(result, Curve) else whole(result)
        rows = len(columns["labels"])
        columns = {"strategy": [strategy or FULL_NAME] * rows, "seed": [seed] * rows, **columns}
        told = {"strategy": strategy or FULL_NAME, "seed": seed}
        if isinstance(result, Curve):
            told |= {"seconds": result.seconds, "metric": result.metric, "expression": result.strategy}
        body, suffix = _parquet(columns, told) if find_spec("pyarrow") else _json(columns, told)
        with written(self._file(strategy, seed).with_suffix(suffix)) as file:
            file.write(body)

    def find(self, strategy: str | None, seed: int) -> Curve | dict[str, float] | None:
        """The result kept before, None when there is none. Raises `DataError` for a damaged file."""
        for suffix, read in ((".parquet", _from_parquet), (".json", _from_json)):
            file = self._file(strategy, seed).with_suffix(suffix)
            if not file.exists():
                continue
            try:
                columns, told = read(file)
                if strategy is None:
                    return {name: float(cells[0]) for name, cells in columns.items() if name not in OWN}
                return _curve(columns, told)
            except (ValueError, KeyError, OSError) as error:
                raise DataError(
                    f"{file} is damaged ({error}); delete it, and the run is made again"
                ) from error
        return None

    def _file(self, strategy: str | None, seed: int) -> Path:
        name = strategy or FULL_NAME
        safe = "".join(sign if sign.isalnum() and sign.isascii() else "_" for sign in name)
        safe = safe.strip("_")[:40]  # pyarrow passes over files that begin with a line
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]  # two names may look alike when made safe
        return self.path / "runs" / f"{safe}-{digest}-{seed}.x"


def rounds(curve: Curve) -> Columns:
    """A run as columns, a row a round: labels, every metric, the items asked in it."""
    before = [0, *curve.labels.tolist()]
    asked = [curve.items[a:b] for a, b in itertools.pairwise(before)]
    return {
        "labels": curve.labels.tolist(),
        **{name: values.tolist() for name, values in curve.scores.items()},
        "items": asked,
    }


def whole(scores: Mapping[str, float]) -> Columns:
    """What all rows taught, as a run of one round, of which no number of labels is known."""
    return {"labels": [None], **{name: [value] for name, value in scores.items()}, "items": [[]]}


def _curve(columns: Columns, told: Mapping[str, Any]) -> Curve:
    scores = {name: np.array(v, dtype=float) for name, v in columns.items() if name not in OWN}
    return Curve(
        labels=np.array(columns["labels"], dtype=np.intp),
        score=scores[told["metric"]],
        items=[item for asked in columns["items"] for item in asked],
        seconds=dict(told["seconds"]),
        metric=told["metric"],
        strategy=told["expression"],
        seed=int(told["seed"]),
        scores=scores,
    )


def _parquet(columns: Columns, told: Mapping[str, Any]) -> tuple[bytes, str]:
    import pyarrow
    from pyarrow import parquet

    kinds = {"strategy": pyarrow.string(), "seed": pyarrow.int64(), "labels": pyarrow.int64()}
    kinds |= {"items": pyarrow.list_(pyarrow.string())}
    schema = pyarrow.schema([(name, kinds.get(name, pyarrow.float64())) for name in columns])
    table = pyarrow.table(columns, schema=schema.with_metadata({"asklearn": json.dumps(told)}))
    out = io.BytesIO()
    parquet.write_table(table, out)
    return out.getvalue(), ".parquet"


def _from_parquet(file: Path) -> tuple[Columns, dict[str, Any]]:
    from pyarrow import parquet

    table = parquet.read_table(io.BytesIO(file.read_bytes()))
    return table.to_pydict(), json.loads(table.schema.metadata[b"asklearn"])


def _json(columns: Columns, told: Mapping[str, Any]) -> tuple[bytes, str]:
    return json.dumps({"told": told, "columns": columns}, ensure_ascii=False).encode(), ".json"


def _from_json(file: Path) -> tuple[Columns, dict[str, Any]]:
    found = json.loads(file.read_bytes())
    return found["columns"], found["told"]
