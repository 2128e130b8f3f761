"""What `kubectl get pods` and `kubectl get events` would show, for the evidence. Times are absolute: it is read later."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.pods import Pod, moment
from blocks.kubernetes.resources import EVENT, Json

RECENT = timedelta(hours=1)


def pods_table(pods: Iterable[Pod]) -> str:
    """One line a pod: its state, restarts, address, start, and why it does not run."""
    rows = [["NAME", "READY", "STATUS", "RESTARTS", "IP", "SINCE", "IMAGES", "MESSAGE"]]
    rows += [
        [
            pod.name,
            "yes" if pod.ready else "no",
            "Terminating" if pod.leaving else pod.reason or pod.phase,
            str(pod.restarts),
            pod.ip or "-",
            pod.since.isoformat() if pod.since else "-",
            ",".join(one.image for one in pod.containers) or "-",
            " ".join(pod.message.split()),
        ]
        for pod in pods
    ]
    return table(rows)


def events_table(cluster: Cluster, names: Sequence[str]) -> str:
    """The last hour's events of these objects and of those whose names begin with theirs, the oldest first. Raises as Cluster does."""
    since = datetime.now(UTC) - RECENT
    found = [
        (_time(one), one)
        for one in cluster.all(EVENT)
        if one["involvedObject"].get("name", "").startswith(tuple(names))
    ]
    rows = [["TIME", "TYPE", "REASON", "OBJECT", "COUNT", "MESSAGE"]]
    rows += [
        [
            time.isoformat(),
            event.get("type", ""),
            event.get("reason", ""),
            f"{event['involvedObject'].get('kind', '').lower()}/{event['involvedObject']['name']}",
            str(event.get("count") or 1),
            " ".join(event.get("message", "").split()),
        ]
        for time, event in sorted(found, key=lambda pair: pair[0])
        if time >= since
    ]
    return table(rows)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns side by side; the last one is not padded."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join(lines) + "\n"


def _time(event: Json) -> datetime:
    """When it was seen last. Newer clusters leave the older fields empty."""
    said = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"]
    found = moment(said)
    return found or datetime.fromtimestamp(0, UTC)
