"""How many requests a user may make, and how many of them may keep a function busy at the same time.

The requests are a token bucket, kept as one number: when it will be full again. That is the generic cell rate
algorithm: https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestPolicy:
    """A full bucket has `burst` tokens, and `per_minute` of them come back in a minute. Instants and spans are in
    milliseconds since 1970."""

    per_minute: int
    burst: int

    def cost(self, tokens: int) -> int:
        """By how much later the bucket is full when so many tokens are taken, but at most all that it can hold."""
        return min(tokens, self.burst) * 60_000 // self.per_minute

    @property
    def window(self) -> int:
        """How long an empty bucket takes to be full."""
        return self.cost(self.burst)

    def wait(self, full_at: int, tokens: int, now: int) -> int:
        """How long until so many tokens are there; 0 if they are."""
        return max(0, max(full_at, now) + self.cost(tokens) - self.window - now)

    def left(self, full_at: int, now: int) -> int:
        """The whole tokens that are there."""
        return (self.window - max(0, full_at - now)) * self.per_minute // 60_000
