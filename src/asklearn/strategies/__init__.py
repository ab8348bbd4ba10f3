"""Which items to ask together. `get(name)`, `names()`, `table()`; `choose(strategy, view)` decides and says
why.
"""

from asklearn.strategies.choice import Choice, choose
from asklearn.strategies.registry import get, names, table
from asklearn.strategies.seeding import seeds

__all__ = ["Choice", "choose", "get", "names", "seeds", "table"]
