"""Which items to ask together. `get(name)`, `names()`, `table()`; `choose(strategy, view)` decides and says
why.
"""

from asklearn.strategies.choice import Choice, choose
from asklearn.strategies.nesting import expression
from asklearn.strategies.registry import get, names, table
from asklearn.strategies.seeding import seeds
from asklearn.view import needs, require

__all__ = ["Choice", "choose", "expression", "get", "names", "needs", "require", "seeds", "table"]
