"""HL7 FHIR R4: consent as other systems read it."""
