"""What only a browser can tell: the documentation pages of the bookshop, in a real one and without the internet."""
