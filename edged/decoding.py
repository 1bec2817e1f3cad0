"""What the decoder of JSON raises for bytes of another program, or of a damaged file.

bytes ──msgspec.json.decode──► a value, or one of MALFORMED
"""

import msgspec

# The second for text that is no UTF-8, the last for deeply nested brackets.
MALFORMED = (msgspec.DecodeError, UnicodeError, RecursionError)
