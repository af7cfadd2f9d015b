"""Everything with weights; shared by playing and training."""
