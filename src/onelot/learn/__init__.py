"""Know more.

Takes: closed records.
Gives: outcomes, and per recipe version counts, turnaround, dose hits and failures.
Never: changes a recipe by itself; a person signs the next version.
Standards: 15-year follow-up of gene therapies (FDA), CIBMTR form fields.
"""

from onelot.learn.improve import ClosedBatch, RecipeLine, by_recipe
from onelot.learn.outcome import Reached, outcome

__all__ = ["ClosedBatch", "Reached", "RecipeLine", "by_recipe", "outcome"]
