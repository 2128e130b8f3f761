"""What the store forgets: records that no decision looks at any more, by their age. What an incident rests on stays."""

from blocks.store.database import Connection

KEPT = "90 days"
"""Far longer than the longest look back: a day for an application's starts, the deadline for a code.

An alert that still fires is sent again by its sender, at the latest every few weeks, and is then not old.
"""

AT_ONCE = 1_000
"""Rows in one transaction: a big table keeps nobody waiting."""

ALERTS = f"""
DELETE FROM alerts WHERE id IN (
    SELECT id FROM alerts
     WHERE seen_at < now() - interval '{KEPT}' AND (detection IS NULL OR incident IS NULL)
     ORDER BY seen_at LIMIT {AT_ONCE} FOR UPDATE SKIP LOCKED)
"""  # noqa: S608 - our own constants

FINDINGS = "CASE json_typeof(old.findings) WHEN 'array' THEN old.findings::jsonb ELSE old.findings::jsonb -> 'findings' END"
"""Older versions kept the findings alone."""

DETECTIONS = f"""
DELETE FROM detections WHERE id IN (
    SELECT id FROM detections AS old
     WHERE at < now() - interval '{KEPT}'
       AND NOT EXISTS (SELECT FROM alerts WHERE alerts.detection = old.id)
       AND NOT EXISTS (
           SELECT FROM incidents
            WHERE incidents.application = old.application
              AND incidents.opened_at BETWEEN old.at - interval '1 hour' AND old.at + interval '{KEPT}'
              AND incidents.request::jsonb -> 'detection' = {FINDINGS})
     ORDER BY at LIMIT {AT_ONCE} FOR UPDATE SKIP LOCKED)
"""  # noqa: S608 - our own constants

CODES = f"""
DELETE FROM codes WHERE id IN (
    SELECT codes.id FROM codes JOIN incidents ON incidents.id = codes.incident
     WHERE codes.until < now() - interval '{KEPT}' AND incidents.closed_at IS NOT NULL
     ORDER BY codes.id LIMIT {AT_ONCE} FOR UPDATE OF codes SKIP LOCKED)
"""  # noqa: S608 - our own constants

OLD = {"alerts": ALERTS, "detections": DETECTIONS, "codes": CODES}
"""In this order: a detection is old once the alert that it was made for is gone."""


def forget(connection: Connection, table: str) -> int:
    """Delete up to `AT_ONCE` old rows of one table of `OLD`; how many. Raises KeyError for another table.

    Kept however old they are: an alert that an incident was begun for, its detection, and every detection whose findings are
    those of an incident's request.
    """
    return connection.execute(OLD[table]).rowcount
