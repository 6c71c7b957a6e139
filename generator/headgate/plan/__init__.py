"""What each generated file says, decided before any text exists."""
