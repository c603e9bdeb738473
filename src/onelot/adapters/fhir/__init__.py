"""HL7 FHIR R4: bundles read, validated and taken apart. Reads; decides nothing.

`read_bundle(path)` gives a `profile.document.Document`; `identity_of` goes to the vault and nowhere else; `order_of`,
`consent_of` open a therapy; `apply_overlay` adds resources marked synthetic for demonstrations.
"""

from onelot.adapters.fhir.bundle import read_bundle, read_resources
from onelot.adapters.fhir.overlay import Overlay, apply_overlay, read_overlays
from onelot.adapters.fhir.persons import Identity, identity_of
from onelot.adapters.fhir.requests import ConsentFound, Order, consent_of, order_of

__all__ = [
    "ConsentFound",
    "Identity",
    "Order",
    "Overlay",
    "apply_overlay",
    "consent_of",
    "identity_of",
    "order_of",
    "read_bundle",
    "read_overlays",
    "read_resources",
]
