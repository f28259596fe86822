"""Claude looks for things in a user's collection: it may search again, narrow, and open what was found."""
