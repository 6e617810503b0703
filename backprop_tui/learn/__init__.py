"""The learner: mistakes, questions, what an answer is worth, and formulas of their own."""
