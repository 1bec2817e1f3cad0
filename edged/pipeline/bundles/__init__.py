"""Which of the shipped bundles runs on this device."""
