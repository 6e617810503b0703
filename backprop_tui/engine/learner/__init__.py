"""The learner: what they are asked, what they answer, and which mistake a wrong answer is.

`asking` makes the questions, `judging` judges the answers, `diagnosis` names the mistake;
`formulas` does the same for a formula that is typed. All of it is read off the steps' own
expressions, and no screen is known here.
"""
