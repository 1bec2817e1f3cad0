"""Names of figures that explain others: measured in one module, used in another for the reason beside a missed goal."""

TRANSFORM = "edged, transform alone,"
GATES_MODEL = "the gate's model alone, ms"
FEATURES = "frames and image of a stride, ms"
PIPELINE, READER, PULSEAUDIO = "pipeline", "reader", "PulseAudio's thread"  # threads
ALLOCATED, PACKAGES, LIBRARIES = "allocated", "files of Python and its packages", "libraries of the system"  # memory
