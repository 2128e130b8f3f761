-- Last good is evidence: from when to when a release was seen to serve within its objectives, and who saw it.
ALTER TABLE releases
    ADD COLUMN good_since timestamptz,
    ADD COLUMN good_until timestamptz,
    ADD COLUMN good_by    text;
