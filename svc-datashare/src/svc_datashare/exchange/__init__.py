"""The exchange 数据交换: one call reads a resource under a grant and leaves a record."""
