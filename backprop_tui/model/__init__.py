"""What is trained: the experiment, and the steps of the algorithm that follow from it."""
