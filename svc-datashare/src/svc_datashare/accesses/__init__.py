"""The ledger of accesses 访问记录: who looked at whose data, when, what for."""
