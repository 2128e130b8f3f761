"""Deciding again from the record: an incident's decisions, made anew from what its journal holds, beside what was decided."""
