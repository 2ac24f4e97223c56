"""What an operator watches of the conservation ledger."""

from prometheus_client import Counter, Gauge

FINDINGS = Gauge(
    "onestop_conservation_findings", "What does not add up at present: open needs somebody", ["leg", "standing"]
)
CHECKED = Gauge("onestop_conservation_checked_timestamp_seconds", "When the books of the last days were last compared")
SPENT = Counter("onestop_conservation_seconds_total", "Time spent on comparing, waiting for answers included")
AWAY = Counter("onestop_conservation_away_total", "Looks for which a service did not show its books", ["service"])
