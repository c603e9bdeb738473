"""The pictures of a network: who goes where, cost against time, load by day, what-if side by side.

Each number drawn carries the JSON pointer that `Ledger.behind` opens; `link` turns a pointer into the page's address
for it. Without `link` the drawings have no links.
"""

from onelot.app.drawings.network_compare import draw_side_by_side
from onelot.app.drawings.network_flows import draw_schematic
from onelot.app.drawings.network_front import draw_front
from onelot.app.drawings.network_loads import draw_loads

__all__ = ["draw_front", "draw_loads", "draw_schematic", "draw_side_by_side"]
