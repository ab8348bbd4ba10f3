"""asklearn: the sklearn that asks. Active learning with a human in the loop.

Names are loaded when first used, so that importing asklearn costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asklearn import stopping, strategies
    from asklearn.errors import AskLearnError
    from asklearn.estimate import Estimate
    from asklearn.people.agreement import agreement
    from asklearn.people.answers import Answer, Question
    from asklearn.people.consensus import consensus
    from asklearn.project import Project
    from asklearn.stopping import Advice
    from asklearn.strategies.door import choose
    from asklearn.study.compare import Comparison, compare
    from asklearn.study.feasibility import Feasibility, feasibility
    from asklearn.study.simulate import Curve, simulate
    from asklearn.tasks.classes import classes
    from asklearn.tasks.multilabel import multilabel
    from asklearn.tasks.number import number
    from asklearn.tasks.spans import spans
    from asklearn.testing.strategy import check_strategy

__version__ = "0.1.0"

# public name -> (module that defines it, its name there; "" for the module itself)
_HOMES = {
    "Advice": ("asklearn.stopping", "Advice"),
    "Answer": ("asklearn.people.answers", "Answer"),
    "AskLearnError": ("asklearn.errors", "AskLearnError"),
    "Comparison": ("asklearn.study.compare", "Comparison"),
    "Curve": ("asklearn.study.simulate", "Curve"),
    "Estimate": ("asklearn.estimate", "Estimate"),
    "Feasibility": ("asklearn.study.feasibility", "Feasibility"),
    "Project": ("asklearn.project", "Project"),
    "Question": ("asklearn.people.answers", "Question"),
    "agreement": ("asklearn.people.agreement", "agreement"),
    "check_strategy": ("asklearn.testing.strategy", "check_strategy"),
    "choose": ("asklearn.strategies.door", "choose"),
    "classes": ("asklearn.tasks.classes", "classes"),
    "compare": ("asklearn.study.compare", "compare"),
    "consensus": ("asklearn.people.consensus", "consensus"),
    "feasibility": ("asklearn.study.feasibility", "feasibility"),
    "multilabel": ("asklearn.tasks.multilabel", "multilabel"),
    "number": ("asklearn.tasks.number", "number"),
    "simulate": ("asklearn.study.simulate", "simulate"),
    "spans": ("asklearn.tasks.spans", "spans"),
    "stopping": ("asklearn.stopping", ""),
    "strategies": ("asklearn.strategies", ""),
}

__all__ = [
    "Advice",
    "Answer",
    "AskLearnError",
    "Comparison",
    "Curve",
    "Estimate",
    "Feasibility",
    "Project",
    "Question",
    "agreement",
    "check_strategy",
    "choose",
    "classes",
    "compare",
    "consensus",
    "feasibility",
    "multilabel",
    "number",
    "simulate",
    "spans",
    "stopping",
    "strategies",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"asklearn has no {name!r}; it has {', '.join(__all__)}")
    module, attribute = _HOMES[name]
    found = import_module(module)
    value = getattr(found, attribute) if attribute else found
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
