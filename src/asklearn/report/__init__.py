"""After: charts, and pages that hold everything they show."""
