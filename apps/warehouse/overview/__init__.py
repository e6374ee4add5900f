"""The page that says what happened since a person last looked, and what needs them now."""
