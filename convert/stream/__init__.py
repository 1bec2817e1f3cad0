"""Long recordings composed of test clips, through the pipeline of ``edged replay``, and scored by episode.

clips, sounds ──scenes──► Scene ──rendering──► sound or log-mel ──replay──► events ──episodes──► metrics
"""
