"""One module per framework: scenario name -> a function that builds its application."""
