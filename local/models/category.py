"""Which category an image's words speak for. Rules of thumb over words: no more than a stand-in needs, and honest."""

from __future__ import annotations

import re
from dataclasses import dataclass

UNKNOWN = "Other"
_ENOUGH = 3
"""Points from which a category is believed: one telling phrase and one hint, or three hints."""
_FILE_NAME_FACTOR = 3
"""A person who names a file says what it is: one hint in its name is enough."""


@dataclass(frozen=True, slots=True)
class _Rule:
    telling: re.Pattern[str]
    """Phrases that hardly occur elsewhere: two points each."""
    hints: re.Pattern[str]
    """Words that also occur elsewhere: one point each."""


def _rule(telling: str, hints: str) -> _Rule:
    return _Rule(_any_of(telling), _any_of(hints))


def _any_of(phrases: str) -> re.Pattern[str]:
    """Phrases are separated by commas. Latin words match whole, also with a plural s; Japanese ones match inside."""
    alternatives = [
        rf"\b{re.escape(phrase)}s?\b" if phrase.isascii() else re.escape(phrase) for phrase in phrases.split(", ")
    ]
    return re.compile("|".join(alternatives), re.IGNORECASE)


RULES: dict[str, _Rule] = {
    "Receipt": _rule(
        telling=(
            "receipt, till, cashier, change due, thank you for shopping, amount tendered, 領収書, レシート, "
            "quittung, kassenbon"
        ),
        hints="total, subtotal, vat, tax, card, cash, qty, eur, usd, 合計, 小計, お釣り",
    ),
    "Finance": _rule(
        telling=(
            "invoice, iban, bank transfer, account balance, payslip, statement of account, interest rate, "
            "請求書, rechnung"
        ),
        hints=("amount, payment, pay within, total due, subtotal, vat, loan, dividend, portfolio, exchange rate, 残高"),
    ),
    "Travel": _rule(
        telling=(
            "boarding pass, boarding, itinerary, passenger, check-in, hotel reservation, coastal walk, hike, "
            "hiking, ridge trail, 新幹線, 散歩, 旅行, 観光, ホテル"
        ),
        hints=(
            "gate, depart, seat, flight, airport, train, platform, ticket, trail, map, km, viewpoint, beach, "
            "village, bus, 京都, 駅, 寺, 神社, 徒歩, 公園"
        ),
    ),
    "Food": _rule(
        telling="ingredient, recipe, preheat, tbsp, tsp, simmer, 昼ごはん, レシピ, 材料",
        hints=(
            "soup, garlic, onion, lemon, bread, coffee, espresso, cafe, menu, restaurant, vegan, olive oil, "
            "cake, コーヒー, 湯豆腐, 抹茶"
        ),
    ),
    "Technology": _rule(
        telling=(
            "traceback, exception, stack trace, segmentation fault, syntax error, localhost, alembic, "
            "kubectl, npm, git push, stderr, エラーコード"
        ),
        hints=(
            "error, sql, server, api, python, docker, database, migration, deploy, version, terminal, "
            "warning, info, rocket, software"
        ),
    ),
    "Work": _rule(
        telling=(
            "agenda, minutes of the meeting, quarterly, quarter, dashboard, kpi, sprint, refund rate, 会議, 議事録"
        ),
        hints=("revenue, orders, meeting, deadline, project, report, team, channel, customer, budget, online shop"),
    ),
    "Education": _rule(
        telling="library, lecture, homework, exam, university, curriculum, member card, 大学, 図書館, 宿題",
        hints="course, chapter, student, lesson, teacher, school, exercise, 授業",
    ),
    "Health": _rule(
        telling="prescription, dosage, vaccine, vaccination, blood pressure, heart rate, diagnosis, 診察, 処方",
        hints="doctor, clinic, tablet, patient, mg, symptom, pharmacy, sleep",
    ),
    "Sport": _rule(
        telling="half-time, final score, personal best, marathon, workout",
        hints="match, league, goal, pace, reps, coach, gym",
    ),
    "Entertainment": _rule(
        telling="now playing, episode, soundtrack, box office, season finale, playlist",
        hints="movie, film, concert, album, series, game, trailer, stream",
    ),
    "Art": _rule(
        telling="gouache, watercolour, watercolor, oil on canvas, sketchbook, pleinair, plein air, exhibition",
        hints="painting, drawing, museum, artist, study, canvas, paints, sketch, gallery",
    ),
    "Fashion": _rule(
        telling="lookbook, outfit, runway, size guide",
        hints="dress, jacket, sneaker, denim, collection, wear",
    ),
    "Beauty": _rule(
        telling="moisturizer, moisturiser, serum, mascara, lipstick",
        hints="skin, hair, makeup, spf, nail",
    ),
    "Shopping": _rule(
        telling="add to cart, add to basket, buy now, free shipping, in stock, wishlist",
        hints="price, sale, discount, delivery, order, item, cart",
    ),
    "Home": _rule(
        telling="floor plan, square metres, sqft, assembly instruction, tenancy",
        hints="kitchen, bedroom, sofa, rent, paint, garden, roof, gutter",
    ),
    "Nature": _rule(
        telling="rain radar, weather forecast, species, wildlife, deep field, galaxy, 天気予報",
        hints="forecast, rain, mountain, forest, bird, flower, radar, degrees, cat, dog, tree, 桜, 晴れ",
    ),
    "People": _rule(
        telling="happy birthday, wedding, family reunion, congratulations",
        hints="birthday, party, family, friend, portrait",
    ),
    "Document": _rule(
        telling="terms and conditions, hereby, certificate, passport, contract, to whom it may concern",
        hints="form, signature, date of birth, page, article, clause",
    ),
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the words speak for."""

    category: str
    """One of the contract's list; `Other` when nothing speaks clearly."""
    also: tuple[str, ...]
    """Further categories that the words speak for, at least half as much; at most two."""
    words: tuple[str, ...]
    """The telling phrases of the category that were found, lower case; at most three."""


def judge(text: str, file_name: str) -> Judgement:
    """Weigh the words of an image, and those of its file's name."""
    spoken = re.sub(r"[-_.]+", " ", file_name)
    scores = {
        category: _points(rule, text) + _FILE_NAME_FACTOR * _points(rule, spoken) for category, rule in RULES.items()
    }
    enough = max(_ENOUGH, max(scores.values()) / 2)
    ranking = [category for category in sorted(scores, key=lambda name: -scores[name]) if scores[category] >= enough]
    if not ranking:
        return Judgement(UNKNOWN, (), ())
    found = dict.fromkeys(match.lower() for match in RULES[ranking[0]].telling.findall(f"{text}\n{spoken}"))
    return Judgement(ranking[0], tuple(ranking[1:3]), tuple(found)[:3])


def _points(rule: _Rule, text: str) -> int:
    telling = {match.lower() for match in rule.telling.findall(text)}
    hints = {match.lower() for match in rule.hints.findall(text)} - telling
    return 2 * len(telling) + len(hints)
