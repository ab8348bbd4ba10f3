"""What an answer is worth: one function per formula. Arrays in, one number an item out; never negative, never
NaN, higher means "ask sooner". Formulas act on the last axis, so that one function serves classes, labels,
tokens and pixels.
"""
