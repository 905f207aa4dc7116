"""One file per thing that is sized or dispatched."""
