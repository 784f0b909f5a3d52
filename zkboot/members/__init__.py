"""Who belongs to an ensemble: the list that servers keep, what peers say of it, and how it is changed."""
