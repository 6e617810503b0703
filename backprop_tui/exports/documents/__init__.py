"""Documents: iterations with every step worked out, in HTML, LaTeX or Markdown."""
