"""Network design: which plants, which routes, at what cost and time.

network = read_network(question)                       # refuses nonsense with its JSON path
answer = plan_network(network, clock=clock, seconds=30)
verdict = check_network(network, answer)               # counted again from the flows alone
Ledger(network, answer).behind("/cost/transport_in")   # any number, opened to its flows
network_document(answer, network)                      # master data, ready to be signed
read_signed_network(document)                          # and as site scheduling reads it
"""

from onelot.plan.network.answer import Answer, Flow, FrontPoint, Opened, Reason, ScenarioCost
from onelot.plan.network.check import Verdict, check_network
from onelot.plan.network.document import network_document
from onelot.plan.network.ledger import Behind, Ledger, Share
from onelot.plan.network.reading import read_network, read_variant
from onelot.plan.network.schema import answer_schema, question_schema
from onelot.plan.network.search import plan_network
from onelot.plan.network.signed import SignedNetwork, read_signed_network, signed_network_schema
from onelot.plan.network.terms import Network

__all__ = [
    "Answer",
    "Behind",
    "Flow",
    "FrontPoint",
    "Ledger",
    "Network",
    "Opened",
    "Reason",
    "ScenarioCost",
    "Share",
    "SignedNetwork",
    "Verdict",
    "answer_schema",
    "check_network",
    "network_document",
    "plan_network",
    "question_schema",
    "read_network",
    "read_signed_network",
    "read_variant",
    "signed_network_schema",
]
