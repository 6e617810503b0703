"""Files: the experiment file read, checked and saved; CSV data; codes."""
