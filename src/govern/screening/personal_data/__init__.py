"""Finds what identifies a person: bank numbers, phones, addresses, references. Where it stands, never what it says."""
