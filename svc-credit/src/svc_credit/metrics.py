"""What an operator watches: disclosures that wait, and those that came too late."""

from prometheus_client import Counter, Gauge

PENDING = Gauge("onestop_credit_pending_records", "Records not yet disclosed")
OVERDUE = Gauge("onestop_credit_overdue_records", "Records not yet disclosed although their last day is over")
DISCLOSED = Counter("onestop_credit_disclosed_records_total", "Records disclosed", ["kind", "timeliness"])
