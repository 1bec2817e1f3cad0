"""Where samples become log-mel images; the only place, shared by training and device."""
