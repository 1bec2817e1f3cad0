"""The stream, not the clip: long recordings built of held clips, through the pipeline of ``edged replay``, and scored.

clips, sounds ──scenes──► Scene ──rendering──► sound or log-mel ──hearing──► events ──episodes──► figures ──► card
"""
