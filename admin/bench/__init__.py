"""``register bench``: how fast a Register of a thousand, ten thousand and a hundred thousand measures answers."""
