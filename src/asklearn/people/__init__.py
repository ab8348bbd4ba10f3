"""Who answers: questions, answers, leases."""
