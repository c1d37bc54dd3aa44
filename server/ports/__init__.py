"""What Rapport asks of the outside: Protocols, dataclasses and errors. No I/O."""
