"""Models that a word, a path in Python or an object stands for."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from asklearn.errors import SettingError


def make(spec: Any, kind: str) -> Any:
    """A new, unfitted estimator for a task of this kind."""
    known(spec, kind)
    if isinstance(spec, str) and spec in KNOWN[kind]:
        return KNOWN[kind][spec]()
    if isinstance(spec, str):
        return adapted(_found(spec), kind)
    from sklearn.base import clone

    return adapted(clone(spec), kind)


def adapted(estimator: Any, kind: str) -> Any:
    """The estimator itself, or what makes it fit for a task of this kind."""
    if kind == "multilabel":
        from asklearn.models.each import each_of

        return each_of(estimator)
    if kind == "number":
        from asklearn.models.regression import Gauss, Ranged

        return estimator if isinstance(estimator, Gauss | Ranged) else Ranged(estimator)
    return estimator


def known(spec: Any, kind: str) -> None:
    """Nothing, or `SettingError` for a word that names no model and for an object that is none.

    A class in a module is looked for when it is made, not before.
    """
    words = ", ".join(sorted(KNOWN[kind]))
    if kind in BUILT_IN:
        if not isinstance(spec, str) or spec not in KNOWN[kind]:
            raise SettingError(
                f"the task {kind} has models of its own so far: {words}; {spec!r} is none of them"
            )
    elif isinstance(spec, str):
        if spec not in KNOWN[kind] and ":" not in spec:
            raise SettingError(
                f"there is no model {spec!r}; there are {words}, "
                'or give "package.module:Class" or a scikit-learn estimator'
            )
    elif isinstance(spec, type):
        raise SettingError(f"the model is the class {spec.__name__}; give an estimator: {spec.__name__}()")
    elif not hasattr(spec, "fit"):
        raise SettingError(
            f"a {type(spec).__name__} is no model: it has no fit; give a scikit-learn estimator or one of {words}"
        )
    elif kind == "number" and (hasattr(spec, "predict_proba") or not hasattr(spec, "predict")):
        raise SettingError(
            f"{type(spec).__name__} tells classes; numbers need a regressor, or one of {words}"
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


def _each(make: Callable[[], Any]) -> Callable[[], Any]:
    def several() -> Any:
        from asklearn.models.each import Each

        return Each(make())

    return several


def _gauss() -> Any:
    from asklearn.models.regression import Gauss

    return Gauss()


def _regression_forest() -> Any:
    from sklearn.ensemble import RandomForestRegressor

    return adapted(RandomForestRegressor(200, random_state=0), "number")


def _regression_boosting() -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.pipeline import make_pipeline

    from asklearn.models.dense import Dense

    return adapted(make_pipeline(Dense(), HistGradientBoostingRegressor(random_state=0)), "number")


def _tagger() -> Any:
    from asklearn.models.tagger import Tagger

    return Tagger()


def _ridge() -> Any:
    from sklearn.linear_model import BayesianRidge
    from sklearn.pipeline import make_pipeline

    from asklearn.models.dense import Dense

    return adapted(make_pipeline(Dense(), BayesianRidge()), "number")


CLASSES: dict[str, Callable[[], Any]] = {
    "auto": _auto,
    "forest": _forest,
    "gradient_boosting": _gradient_boosting,
    "logistic": _logistic,
    "naive_bayes": _naive_bayes,
    "svm": _svm,
}
KNOWN: dict[str, dict[str, Callable[[], Any]]] = {  # by the kind of task
    "classes": CLASSES,
    "multilabel": {word: _each(make) for word, make in CLASSES.items()} | {"forest": _forest},
    "number": {
        "auto": _gauss,
        "forest": _regression_forest,
        "gradient_boosting": _regression_boosting,
        "ridge": _ridge,
    },
    "spans": {"auto": _tagger},
}
BUILT_IN = frozenset({"spans"})  # kinds that no estimator of other makes serves yet


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
