"""The inner loops that scores and strategies call: NumPy and BLAS, lazy where that is exact, in blocks."""
