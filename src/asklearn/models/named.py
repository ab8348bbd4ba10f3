"""Models that a word, a path in Python or an object stands for."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from asklearn.errors import SettingError


def make(spec: Any) -> Any:
    """A new, unfitted estimator."""
    known(spec)
    if not isinstance(spec, str):
        from sklearn.base import clone

        return clone(spec)
    return KNOWN[spec]() if spec in KNOWN else _found(spec)


def known(spec: Any) -> None:
    """Nothing, or `SettingError` for a word that names no model and for an object that is none.

    A class in a module is looked for when it is made, not before.
    """
    if isinstance(spec, str):
        if spec not in KNOWN and ":" not in spec:
            raise SettingError(
                f"there is no model {spec!r}; there are {', '.join(sorted(KNOWN))}, "
                'or give "package.module:Class" or a scikit-learn estimator'
            )
    elif isinstance(spec, type):
        raise SettingError(f"the model is the class {spec.__name__}; give an estimator: {spec.__name__}()")
    elif not hasattr(spec, "fit"):
        raise SettingError(
            f"a {type(spec).__name__} is no model: it has no fit; "
            f"give a scikit-learn estimator or one of {', '.join(sorted(KNOWN))}"
        )


def _auto() -> Any:
    from asklearn.models.auto import Auto

    return Auto()


def _logistic() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=2000)


def _forest() -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(200, random_state=0)


def _gradient_boosting() -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline

    from asklearn.models.dense import Dense

    return make_pipeline(Dense(), HistGradientBoostingClassifier(random_state=0))


def _naive_bayes() -> Any:
    from sklearn.naive_bayes import GaussianNB
    from sklearn.pipeline import make_pipeline

    from asklearn.models.dense import Dense

    return make_pipeline(Dense(), GaussianNB())


def _svm() -> Any:
    from sklearn.svm import SVC

    from asklearn.models.calibrated import Calibrated

    return Calibrated(SVC(C=10.0))


KNOWN: dict[str, Callable[[], Any]] = {
    "auto": _auto,
    "forest": _forest,
    "gradient_boosting": _gradient_boosting,
    "logistic": _logistic,
    "naive_bayes": _naive_bayes,
    "svm": _svm,
}


def _found(spec: str) -> Any:
    module, _, name = spec.partition(":")
    try:
        there = importlib.import_module(module)
    except ModuleNotFoundError as error:
        # What is missing inside the module is the module's own error.
        if error.name is None or not (module == error.name or module.startswith(error.name + ".")):
            raise
        raise SettingError(f"model {spec!r}: there is no module {error.name!r} to import") from error
    except ValueError as error:
        raise SettingError(f'model {spec!r} is not of the form "package.module:Class"') from error
    kind = getattr(there, name, None)
    if not callable(kind):
        raise SettingError(f"model {spec!r}: the module {module} has no class {name!r}")
    return kind()
