"""Programs beside the tests: benchmark, soak, guided fuzzing."""
