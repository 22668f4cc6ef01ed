"""The fast half: a Dependant compiled into a Plan, and the loop that runs it. Knows nothing of OpenAPI or routing."""
