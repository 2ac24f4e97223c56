"""Messages to people: kept with the change they tell of, sent afterwards, as often as it takes."""
