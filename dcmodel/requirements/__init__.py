"""One file per requirement: a named limit that a study sets on the finished site."""
