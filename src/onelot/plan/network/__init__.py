"""Network design: which plants, which routes, at what cost and time.

network = read_network(json.loads(text))
answer = plan_network(network, clock=time.perf_counter, seconds=30)
verdict = check_network(network, answer)
"""

from onelot.plan.network.answer import Answer, Flow, FrontPoint, Opened, Reason, ScenarioCost
from onelot.plan.network.check import Verdict, check_network
from onelot.plan.network.reading import read_network
from onelot.plan.network.schema import answer_schema, question_schema
from onelot.plan.network.search import plan_network
from onelot.plan.network.terms import Network

__all__ = [
    "Answer",
    "Flow",
    "FrontPoint",
    "Network",
    "Opened",
    "Reason",
    "ScenarioCost",
    "Verdict",
    "answer_schema",
    "check_network",
    "plan_network",
    "question_schema",
    "read_network",
]
