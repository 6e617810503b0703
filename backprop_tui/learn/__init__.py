"""What a learner does: questions and answers, formulas of their own, and mistakes explained."""
