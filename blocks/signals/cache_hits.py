"""`cache_hits`: how many of the keys that were asked for a Redis or Valkey had, in percent."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PrivateAttr, SecretStr
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as TookTooLong
from redis.retry import Retry

from blocks.deadline import within
from blocks.growth import FIRST_S, EarlierReading
from blocks.measured import Measured
from blocks.signals.contract import Place
from domain.findings import Finding

NO_LOGIN, NOT_PERMITTED = "authentication failed", "not permitted"
WHY = (
    ("noauth", NO_LOGIN),
    ("authenticat", NO_LOGIN),
    ("invalid username-password", NO_LOGIN),
    ("wrongpass", NO_LOGIN),
    ("no permissions", NOT_PERMITTED),
    ("max number of clients", "too many connections"),
    ("loading", "starting up"),
    ("refused", "refused"),
    ("error 2 connecting", "refused"),
    ("no such file", "refused"),
    ("ssl", "tls failed"),
    ("certificate", "tls failed"),
    ("name or service", "unknown host"),
    ("name resolution", "unknown host"),
)
"""What Redis and its client say, and what that is in a few comparable words."""

SCHEMES = ("redis", "rediss", "unix")


def _address(url: SecretStr) -> SecretStr:
    try:
        known = urlsplit(url.get_secret_value()).scheme in SCHEMES
    except ValueError:
        known = False
    if not known:
        raise ValueError("must be redis://, rediss:// or unix://, like redis://:password@host:6379/0")
    return url


@dataclass(frozen=True)
class Counted:
    """What one run of the server has counted. `run`: another one each time it is started."""

    run: str
    hits: int
    misses: int


class CacheHits(Measured):
    """Between two looks; the first one takes `first_s` for it.

    A cache that does not answer is bad; one that refuses the watch's own credentials is no data. It counts all databases of
    the server together: Redis keeps no other count.
    """

    kind: Literal["cache_hits"] = "cache_hits"
    url: Annotated[SecretStr, AfterValidator(_address)] = Field(
        description="redis://:password@host:6379/0; best a reference, `${REDIS_URL}`."
    )
    since: Literal["look", "start"] = Field(
        default="look",
        description="`look`: the keys asked for since the look before; `start`: all since the server was started.",
    )
    at_least: int = Field(default=1, ge=1, description="With fewer keys asked for there is no data.")
    first_s: float = Field(
        default=FIRST_S, gt=0, le=10, description="Seconds that the first look measures, for `since: look`."
    )
    timeout_s: float = Field(
        default=2.0, gt=0, le=60, description="Seconds for each reading of the counters."
    )
    _earlier: EarlierReading[Counted] = PrivateAttr(default_factory=EarlierReading)

    def observe(self, place: Place) -> Finding:
        """Look once."""
        try:
            hits, misses = self._asked_for()
        except (RedisError, TimeoutError) as error:
            why = _symptom(error)
            if why in (NO_LOGIN, NOT_PERMITTED):
                return self.no_data(place, f"the cache does not let Backout in: {why}")
            return self.bad(place, f"the cache does not answer: {why}", why)
        except (KeyError, TypeError, ValueError):
            return self.no_data(place, "what answers tells no hits and misses")
        return self._judged(place, hits, misses)

    def _judged(self, place: Place, hits: int, misses: int) -> Finding:
        asked = hits + misses
        if asked < self.at_least:
            return self.no_data(place, f"{asked} keys were asked for (at least {self.at_least})")
        share = 100 * hits / asked
        said = f"{hits} of {asked} keys were in the cache ({share:.1f} %)"
        return self.held(place, said, share, "%", "cache misses")

    def _asked_for(self) -> tuple[int, int]:
        """Hits and misses. Raises RedisError and TimeoutError, and KeyError, TypeError or ValueError where it is no Redis."""
        if self.since == "start":
            all_of_them = self._counted()
            return all_of_them.hits, all_of_them.misses
        before, now = self._earlier.until_now(self._counted, _goes_on, self.first_s)
        return now.hits - before.hits, now.misses - before.misses

    def _counted(self) -> Counted:
        client = Redis.from_url(
            self.url.get_secret_value(),
            socket_timeout=self.timeout_s,
            socket_connect_timeout=self.timeout_s,
            retry=Retry(NoBackoff(), 0),
            client_name="backout",
        )
        return within(self.timeout_s, lambda: _read(client), "cache")


def _read(client: Redis) -> Counted:
    try:
        stats: Any = client.info("stats")
        server: Any = client.info("server")
    finally:
        client.close()
    return Counted(str(server["run_id"]), int(stats["keyspace_hits"]), int(stats["keyspace_misses"]))


def _goes_on(earlier: Counted, now: Counted) -> bool:
    """Whether it was not started again, and nobody ran CONFIG RESETSTAT."""
    return earlier.run == now.run and now.hits >= earlier.hits and now.misses >= earlier.misses


def _symptom(error: Exception) -> str:
    """In a few comparable words. The error's own text is not used: it can quote the address."""
    if isinstance(error, TookTooLong | TimeoutError):
        return "timeout"
    text = str(error).lower()
    usual = "closed" if isinstance(error, NoConnection) else "not redis"
    return next((words for part, words in WHY if part in text), usual)
