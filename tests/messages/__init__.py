"""What a learner reads for each known mistake: golden texts, and what holds for all of them."""
