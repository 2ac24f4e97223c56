"""How any service keeps its promises: state, events, HTTP, identity, operation."""
