"""The licence register 电子证照库."""
