"""Parts of the feasibility study: signs in the data, random subsets, trials, the verdict, its words and pictures."""
