"""What screens and planners read: rows kept up to date in the append's own transaction. Pure.

Nobody folds 5,000 streams to draw a board. Projecting every stream again must give the same rows.
"""

from onelot.app.views.board import BOARD
from onelot.app.views.masters import DOCUMENTS, EQUIPMENT, LOTS, PEOPLE, SITES
from onelot.app.views.therapies import THERAPIES
from onelot.record.journal import Projection

PROJECTIONS: tuple[Projection, ...] = (BOARD, THERAPIES, EQUIPMENT, LOTS, PEOPLE, DOCUMENTS, SITES)
