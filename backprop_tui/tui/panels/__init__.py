"""The panels: each paints a View on a Canvas, and changes nothing."""
