"""The sentences of the acted corpora, by each corpus' own name for them.

CREMA-D: Cao et al. 2014, table 1; RAVDESS: Livingstone, Russo 2018; EMO-DB: Burkhardt et al. 2005, with the authors'
English translations.  The authors chose them to fit any emotion, so they are the negative control of fusion.
"""

CREMAD = {
    "DFA": "Don't forget a jacket.",
    "IEO": "It's eleven o'clock.",
    "IOM": "I'm on my way to the meeting.",
    "ITH": "I think I have a doctor's appointment.",
    "ITS": "I think I've seen this before.",
    "IWL": "I would like a new alarm clock.",
    "IWW": "I wonder what this is about.",
    "MTI": "Maybe tomorrow it will be cold.",
    "TAI": "The airplane is almost full.",
    "TIE": "That is exactly what happened.",
    "TSI": "The surface is slick.",
    "WSI": "We'll stop in a couple of minutes.",
}
RAVDESS = {
    "01": "Kids are talking by the door.",
    "02": "Dogs are sitting by the door.",
    "kids_talking_by_the_door": "Kids are talking by the door.",
    "dogs_sitting_by_the_door": "Dogs are sitting by the door.",
}
EMODB = {
    "a01": "Der Lappen liegt auf dem Eisschrank.",
    "a02": "Das will sie am Mittwoch abgeben.",
    "a04": "Heute abend könnte ich es ihm sagen.",
    "a05": "Das schwarze Stück Papier befindet sich da oben neben dem Holzstück.",
    "a07": "In sieben Stunden wird es soweit sein.",
    "b01": "Was sind denn das für Tüten, die da unter dem Tisch stehen?",
    "b02": "Sie haben es gerade hochgetragen und jetzt gehen sie wieder runter.",
    "b03": "An den Wochenenden bin ich jetzt immer nach Hause gefahren und habe Agnes besucht.",
    "b09": "Ich will das eben wegbringen und dann mit Karl was trinken gehen.",
    "b10": "Die wird auf dem Platz sein, wo wir sie immer hinlegen.",
}
EMODB_IN_ENGLISH = {
    "a01": "The tablecloth is lying on the fridge.",
    "a02": "She will hand it in on Wednesday.",
    "a04": "Tonight I could tell him.",
    "a05": "The black sheet of paper is located up there besides the piece of timber.",
    "a07": "In seven hours it will be.",
    "b01": "What about the bags standing there under the table?",
    "b02": "They just carried it upstairs and now they are going down again.",
    "b03": "Currently at the weekends I always went home and saw Agnes.",
    "b09": "I will just discard this and then go for a drink with Karl.",
    "b10": "It will be in the place where we always store it.",
}
BY_CORPUS = {"cremad": CREMAD, "ravdess": RAVDESS, "emodb": EMODB}


def words(corpus: str, sentence: str) -> str:
    """The words of ``sentence`` of ``corpus``; empty if they are not known."""
    return BY_CORPUS.get(corpus, {}).get(sentence, "")
