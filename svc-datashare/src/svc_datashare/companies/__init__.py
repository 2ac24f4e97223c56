"""The business licence base 营业执照信息库 of the market supervision bureau, which the exchange reads."""
