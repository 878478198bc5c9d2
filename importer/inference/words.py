"""What columns are called, by what they hold: English, German, French, Spanish, Czech, Italian, Dutch,
Portuguese, Polish and some words of others.

`NAMES` are whole names, `PHRASES` parts of questions; both are compared as `key` and `plain` make them.
"""

from __future__ import annotations

import re
import unicodedata

_STROKES = str.maketrans("łøđı", "lodi")
"""Letters whose stroke is no accent."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def plain(label: str) -> str:
    """A name as words: small letters, no accents, `userId` as `user id`, anything else as a space."""
    spaced = _CAMEL.sub(" ", label)
    letters = unicodedata.normalize("NFKD", spaced).casefold().translate(_STROKES)
    bare = "".join(char for char in letters if not unicodedata.combining(char))
    return " ".join("".join(char if char.isalnum() else " " for char in bare).split())


_LINKS = frozenset({"de", "do", "di", "du", "da", "del", "des", "of", "the", "la", "le", "el"})


def key(label: str) -> str:
    """A name as words, without the small ones between them: `ID de cliente` as `id cliente`."""
    said = plain(label).split()
    return " ".join(word for word in said if word not in _LINKS) or " ".join(said)


def _names(text: str) -> frozenset[str]:
    return frozenset(key(name) for name in " ".join(text.split()).split(",") if name.strip())


SCORE = _names(
    """
    nps, nps score, nps rating, nps value, score, rating, note, nota, grade, ltr, likelihood to
    recommend, recommend, recommendation, would recommend, answer score, score value, net
    promoter score, punkte, punktzahl, bewertung, wertung, weiterempfehlung, empfehlung,
    empfehlungswahrscheinlichkeit, note nps, score nps, recommandation, puntuacion, puntaje,
    calificacion, valoracion, recomendacion, punteggio, valutazione, voto, raccomandazione,
    cijfer, beoordeling, aanbeveling, pontuacao, avaliacao, recomendacao, ocena, wynik,
    rekomendacja, hodnoceni, skore, doporuceni, znamka, odporucanie, hodnotenie, betyg,
    vurdering, karakter
    """
)
COMMENT = _names(
    """
    comment, comments, feedback, text, review, verbatim, remark, remarks, reason, explanation,
    explication, open answer, open text, free text, answer text, message, why, additional
    comments, other comments, kommentar, kommentare, anmerkung, anmerkungen, bemerkung,
    begrundung, ruckmeldung, freitext, grund, warum, commentaire, commentaires, remarque,
    remarques, raison, avis, pourquoi, comentario, comentarios, motivo, razon, opinion,
    observaciones, por que, porque, commento, commenti, motivazione, perche, osservazioni,
    opmerking, opmerkingen, toelichting, reactie, reden, waarom, comentário, comentários,
    observacoes, razao, komentarz, uwagi, uzasadnienie, dlaczego, komentar, komentare, poznamka,
    duvod, zduvodneni, zpetna vazba, proc, vyjadreni, dovod, preco, spatna vazba, kommentti,
    begrundelse
    """
)
USER = _names(
    """
    user id, userid, user, uid, customer id, customer, customer number, customer no, customer
    nr, client id, client number, contact id, account id, external id, external reference,
    external data reference, person id, member id, membership number, employee id, subscriber
    id, patient id, distinct id, end user id, crm id, student id, pupil id, participant id,
    attendee id, visitor id, guest id, staff id, worker id, learner id, kunde, kunden id,
    kundennummer, kundennr,
    kunden nr, nutzer id, benutzer id, benutzer, mitgliedsnummer, vertragsnummer, numero client,
    no client, n client, id client, code client, identifiant client, identifiant, id
    utilisateur, utilisateur, id cliente, cliente id, numero de cliente, n de cliente, codigo de
    cliente, cliente, id usuario, usuario, id de usuario, codice cliente, numero cliente, id
    utente, utente, klantnummer, klant id, klantnr, gebruiker, gebruikers id, numero do cliente,
    codigo do cliente, id do cliente, id do usuario, numer klienta, id klienta, klient, id
    uzytkownika, uzytkownik, cislo zakaznika, id zakaznika, zakaznik, zakaznicke cislo, id
    uzivatele, uzivatel, cislo klienta, id klienta, kundnummer, kundenummer, asiakasnumero
    """
)
BARE_ID = _names("id, identifier, kennung, nr, kod, code, codigo, identifikator")
EMAIL = _names(
    """
    email, e mail, mail, email address, e mail address, emailaddress, user email, customer
    email, contact email, person email, recipient email, respondent email, work email, username,
    e mail adresse, mailadresse, emailadresse, adresse e mail, adresse email, adresse mail,
    courriel, adresse electronique, correo, correo electronico, direccion de correo electronico,
    indirizzo email, indirizzo e mail, posta elettronica, e mailadres, emailadres, endereco de e
    mail, endereco de email, adres e mail, adres email, e mailova adresa, emailova adresa,
    mailova adresa, e post, epost, sahkoposti, kontakt e mail, email adresa
    """
)
RESPONSE = _names(
    """
    response id, responseid, respondent id, respondentid, submission id, answer id, response
    number, response, survey response id, feedback id, review id, rating id, session id, token,
    network id, uuid, record id, entry id, entry number, antwort id, id de reponse, id reponse,
    id de respuesta, id respuesta, id
    risposta, antwoord id, id da resposta, id odpowiedzi, id odpovedi, odpoved id, interview
    nummer, interviewnummer, fallnummer, case
    """
)
ANSWERED = _names(
    """
    date, datetime, time, timestamp, responded at, response date, response time, responded,
    response at, submitted at, submit date, submitted, submission date, submission time,
    completed at, completion time, completed, date completed, date submitted, end date, enddate,
    recorded date, recorded at, answered at, answered, answer date, survey date, survey
    completed, feedback date, rated at, score date, date of response, created at, created,
    created date, creation date, date created, createdat, updated at, surveyed at, surveyed on,
    survey taken at, taken at, polled at, datum, zeitstempel,
    antwortdatum, beantwortet am, beantwortet, abgeschickt am, eingegangen am, erfasst am,
    erstellt am, abgeschlossen am, datum der antwort, endzeit, abschlusszeit, horodateur, date
    de reponse, date reponse, repondu le, date de soumission, date d envoi, date de creation,
    cree le, soumis le, heure de fin, fecha, marca temporal, fecha de respuesta, fecha
    respuesta, respondido el, fecha de envio, fecha de creacion, enviado el, hora de
    finalizacion, data, data e ora, data risposta, data di risposta, informazioni cronologiche,
    inviato il, creato il, ora di completamento, tijdstempel, datum antwoord, ingevuld op,
    ingediend op, aangemaakt op, carimbo de data hora, data da resposta, respondido em, enviado
    em, criado em, sygnatura czasowa, data odpowiedzi, wypelniono, utworzono, casova znacka,
    casove razitko, datum odpovedi, datum a cas, odpovezeno, vyplneno, vyplneno dne, odeslano,
    vytvoreno, datum vyplneni, dokonceno, datum odoslania, casova peciatka, cas, zeit,
    tidsstampel, tidspunkt, dato, aika
    """
)
STARTED = _names(
    """
    start date, startdate, start time, started, started at, time started, date started, opened
    at, sent at, sent, sent date, invited at, stage date, startzeit, gestartet am, begonnen am,
    gesendet am, heure de debut, date de debut, commence le, hora de inicio, fecha de inicio,
    ora di inizio, begintijd, hora de inicio, zahajeno, zacatek, odeslano dne, godzina
    rozpoczecia
    """
)
SIGNED_UP = _names(
    """
    signed up, signup, signup date, sign up date, signed up at, registered, registered at,
    registration date, customer since, client since, member since, user created at, account
    created, account created at, joined, joined at, kunde seit, registriert am,
    registrierungsdatum, anmeldedatum, mitglied seit, date d inscription, inscrit le, client
    depuis, fecha de registro, fecha de alta, cliente desde, data registrazione, cliente dal,
    klant sinds, geregistreerd op, data de cadastro, cliente desde, data rejestracji, klient od,
    registrovan, datum registrace, zakaznik od, registrace
    """
)
NAME = _names(
    """
    name, full name, customer name, user name, contact name, person name, name des kunden,
    kundenname, nom complet, nom du client, nombre completo, nombre del cliente, nome completo,
    nome cliente, volledige naam, naam, klantnaam, nome do cliente, imie i nazwisko, nazwa
    klienta, jmeno a prijmeni, cele jmeno, jmeno zakaznika, namn, navn, first name, firstname,
    last name, lastname, surname, family name, given name, middle name, vorname, nachname,
    familienname, prenom, nom, nom de famille, nombre, apellido, apellidos, nome, cognome,
    voornaam, achternaam, sobrenome, imie, nazwisko, jmeno, prijmeni, krestni jmeno, meno,
    priezvisko, recipient first name, recipient last name
    """
)
PRIVATE = _names(
    """
    ip, ip address, ipaddress, ip adresse, adresse ip, direccion ip, indirizzo ip, ip adres,
    endereco ip, adres ip, ip adresa, phone, phone number, telephone, mobile, mobile phone, cell
    phone, telefon, telefonnummer, handynummer, mobilnummer, numero de telephone, portable,
    telefono, numero de telefono, movil, cellulare, telefoonnummer, telefone, celular, numer
    telefonu, telefonni cislo, latitude, longitude, lat, lng, lon, location, location latitude,
    location longitude, location accuracy, geo, gps, coordinates, breitengrad, langengrad,
    address, street, street address, home address, adresse, strasse, anschrift, rue, direccion,
    calle, indirizzo, via, adres, straat, endereco, rua, ulica, adresa, ulice, zip, zip code,
    postal code, postcode, plz, postleitzahl, code postal, codigo postal, cap, kod pocztowy,
    psc, date of birth, birth date, birthdate, birthday, dob, geburtsdatum, geburtstag, date de
    naissance, fecha de nacimiento, data di nascita, geboortedatum, data de nascimento, data
    urodzenia, datum narozeni, ssn, social security number, passport, user agent, device id,
    fingerprint, gender, sex, geschlecht, sexe, sexo, sesso, geslacht, plec, pohlavi
    """
)
MACHINE = _names(
    """
    row, row number, index, line, zeile, ligne, fila, riga, radek, collector id, survey id,
    survey name, survey, campaign, campaign id, form id, language, user language, sprache,
    langue, idioma, lingua, taal, jazyk, url, permalink, link, referer, referrer, referrer url,
    browser, device, device type, os, operating system, platform, source, channel, distribution
    channel, status, state, tags, seed, last page, duration, duration in seconds, total time,
    progress, finished, score type, category, type, nps category, question type, survey type,
    segment name, response type
    """
)

RECOMMEND = re.compile(
    r"recommend|empfehl|empfiehl|empfohl|recommand|recomand|rekomend|tavsiye|recomiend|recomend|doporuc|odporuc|consigli|raccomand|aanbev|aanrad"
    r"|polec|rekommender|anbefal|suositel|ajanl|рекоменд|посовет|すすめ|勧め|薦め|推荐|推薦|추천"
    r"|net promoter|\bnps\b"
)
SATISFIED = re.compile(
    r"satisf|zufried|spokoj|soddisf|tevred|zadowol|\bnojd|tilfreds|tyytyvai|удовлетвор|満足|满意|만족|\bcsat\b"
    r"|rate (?:your|our|the)|bewerten sie|notez|califi|hodnot|ohodnot"
)
EFFORT = re.compile(
    r"effort|how easy|easy to|easier|aufwand|einfach|leicht|facile|facil|esfuerzo|snadn|usili|sforzo"
    r"|moeite|makkelijk|latwo|wysil|\bces\b"
)
WHY = re.compile(
    r"free text|open text|freitext|texte libre|texto libre|volny text|testo libero"
    r"|\bwhy\b|reason|^comments?(?: on| about|$)|(?<!^)\bcomments?\b|feedback|tell us|anything else"
    r"|your own words|explain|describe\b|suggest|improve"
    r"|warum|grund|begrund|kommentar|anmerkung|sonst noch|verbesser|pourquoi|raison|commentaire|ameliorer"
    r"|por que|motivo|razon|comentario|mejorar|\bproc\b|duvod|komentar|zpetn|vylepsi|zlepsi|perche|migliorar"
    r"|waarom|reden|opmerking|verbeter|melhorar|dlaczego|uwagi|popraw|could do better"
)
OVERALL = re.compile(
    r"overall|in general|generally|all in all|as a whole|insgesamt|alles in allem|gesamt|generell|globalement"
    r"|dans l ensemble|en general|globalmente|nel complesso|complessivamente|over het algemeen|al met al"
    r"|no geral|ogoln|celkov|vseobecn"
)
COUNTED = re.compile(
    r"how many|how old|how long|how often|number of|wie viele|wie alt|anzahl|combien|quel age|cuant[oa]s"
    r"|numero de|kolik|pocet|quanti|quante|hoeveel|quantos|quantas|ile\b"
    r"|semest|which year|what year|what grade|year of (?:study|birth)|years? of experience|jahrgang|schuljahr"
    r"|studienjahr|annee d|ano de|an[io] di|rocnik|ktorym roku|rok studi"
    r"|\brank|rangfolge|reihenfolge|classement|poradi|\bberapa\b|jumlah"
    r"|percent|prozent|pour ?cent|porcent|procent|share of|anteil"
    r"|\bage\b|\balter\b|\bedad|\bidade|\beta\b|\bvek\b"
)
"""Asks for a number of something, for a year or an age, which is no rating."""
BESIDE = re.compile(
    r"(?:please|bitte|veuillez|por favor) (?:specify|provide|angeben|preciser|especifi\w+)|specify$"
)
"""In the name of the field beside a question, for what none of its choices says."""
MORE = re.compile(
    r"\+$|or (?:more|older|above|over)|and (?:more|above|over)|more than|oder (?:mehr|alter)|und mehr"
    r"|mehr als|ou (?:plus|mais)|et plus|plus de|o (?:mas|piu)|e (?:piu|mais)|nebo vic|a vice|of meer"
    r"|en meer|lub wiecej|i wiecej"
)
"""In a value: `5 or more`, which counts something."""
INVITED = re.compile(
    r"^(?:how|what|which|why|do|did|does|are|is|was|were|would|will|have|has|please|who|where)\b"
)


def is_question(label: str) -> bool:
    """Whether a name is a question rather than the name of a property."""
    words = plain(label)
    return "?" in label or len(words.split()) >= 5 or bool(INVITED.match(words) and " " in words)
