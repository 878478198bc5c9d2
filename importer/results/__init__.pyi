from importer.results.files import LOST as LOST
from importer.results.files import MENDABLE as MENDABLE
from importer.results.scores import RatingQuestion as RatingQuestion
from importer.results.scores import Scores as Scores
from importer.results.scores import Tally as Tally
from importer.results.scores import signed as signed
from importer.results.summary import Causes as Causes
from importer.results.summary import Summary as Summary
