"""Who is the patient.

Takes: documents already read by an adapter (FHIR R4, phenopacket, VCF), by digest.
Gives: facts with value, unit, time, validity and place; eligibility findings.
Never: guesses a missing fact, mixes two people, reads a file.
Standards: HL7 FHIR R4, LOINC, UCUM, GA4GH Phenopackets v2, VCF 4.x, CPIC and PharmVar nomenclature.
"""
