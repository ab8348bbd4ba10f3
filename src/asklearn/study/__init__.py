"""Before: will it work, and which strategy is best here?"""
