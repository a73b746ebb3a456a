"""Every act leaves a proof: leaves written with the act, numbered by one sequencer, published in the signed log."""
