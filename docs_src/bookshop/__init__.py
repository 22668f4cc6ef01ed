"""A bookshop: the API of a small company, and a tour of FastLayer. Start reading in `main.py`."""
