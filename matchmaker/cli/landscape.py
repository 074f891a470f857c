"""Commands that show the whole: types of starting position and the network."""

from __future__ import annotations

import argparse
import math

from matchmaker.cli.session import opened, print_json
from matchmaker.errors import BadInput
from matchmaker.message import message


def clusters(arguments: argparse.Namespace) -> int:
    """Describe the types of starting position."""
    from matchmaker import service

    data, _ = opened(arguments)
    found, profiles = service.find_types(data, simulated=not arguments.no_simulated, number=arguments.number)
    names = {t.id: _.render(t.name) for t in found.types}
    unassessed = int((found.label == 0).sum())
    if arguments.json:
        print_json(
            {
                "k": len(found.types),
                "silhouette": _figure(found.silhouette),
                "stability": _figure(found.stability),
                "structured": found.structured,
                "weak": found.weak,
                "verdict": _.render(found.verdict),
                "tried": [
                    {"k": k, "silhouette": _figure(silhouette), "stability": _figure(stability),
                     "reference": _figure(reference)}
                    for (k, silhouette, stability), reference in zip(
                        found.tried, found.reference.mean(axis=0).tolist(), strict=True
                    )
                ],
                "drop_one": [
                    {"feature": _.label(feature), "agreement": _figure(agreement)}
                    for feature, agreement in zip(found.features, found.without, strict=False)
                ],
                "without_type": unassessed,
                "types": [
                    {"id": t.id, "name": names[t.id], "size": t.size, "portrait": _.render(t.portrait)}
                    for t in found.types
                ],
                "assignment": {
                    str(key): int(label) for key, label in zip(profiles.key, found.label, strict=True) if label
                },
                "strength": {
                    str(key): _figure(strength)
                    for key, label, strength in zip(
                        profiles.key, found.label, found.membership.strength.tolist(), strict=True
                    )
                    if label
                },
            }
        )  # fmt: skip
        return 0
    print(
        _.plural("{count} type", "{count} types", len(found.types))
        + _("; silhouette {silhouette}, stability {stability}").format(
            silhouette=_.number(found.silhouette, 2), stability=_.number(found.stability, 2)
        )
    )
    print(_.render(found.verdict))
    if unassessed:
        print(_("{count} without a type, since not everything is known of them.").format(count=_.number(unassessed)))
    for t in found.types:
        print(f"\n{t.id} {names[t.id]} ({_.number(t.size)}): {_.render(t.portrait)}")
    return 0


def _figure(value: float) -> float | None:
    """Return a figure with four decimals, None for what cannot be said: JSON knows no NaN."""
    return None if math.isnan(value) else round(value, 4)


def network(arguments: argparse.Namespace) -> int:
    """Describe the network, or write it as a graph."""
    from matchmaker import exchange, service
    from matchmaker.model import Preferences

    if arguments.out is not None and arguments.out.suffix.lower() not in service.GRAPH_FORMATS:
        raise BadInput(
            message("The graph cannot be written as {suffix}.", suffix=arguments.out.suffix or arguments.out.name),
            where=str(arguments.out),
            remedy=message("Use one of {formats:list}.", formats=service.GRAPH_FORMATS),
        )
    data, _ = opened(arguments)
    drawn = service.draw_network(data, Preferences(simulated=not arguments.no_simulated), suggestions=arguments.top)
    graph, landscape = drawn.graph, drawn.landscape
    if arguments.out is not None:
        exchange.write_text(service.graph_text(graph, arguments.out.suffix.lower()), arguments.out)
    if arguments.json:
        print_json(
            {
                "nodes": landscape.participants,
                "cooperations": landscape.links,
                "cooperating": landscape.cooperating,
                "communities": landscape.communities,
                "modularity": round(landscape.modularity, 4),
                "hubs": [
                    {"key": n.municipality.key, "name": n.municipality.name, "partners": n.partners,
                     "betweenness": round(n.betweenness, 6), "error": round(n.error, 6), "community": n.community,
                     "splits": n.splits, "cooperations": n.cooperations, "fte": n.fte}
                    for n in landscape.nodes[:10]
                ],
                "betweenness_from": landscape.sampled or "all",
                "cut_points": [n.municipality.key for n in landscape.nodes if n.splits],
                "bridges": [{"a": b.a.key, "b": b.b.key, "cuts_off": b.cuts_off} for b in landscape.bridges],
                "missing_links": [
                    {"a": m.a.key, "b": m.b.key, "score": round(m.score, 6), "communities": list(m.communities),
                     "a_gives": list(m.a_gives), "b_gives": list(m.b_gives), "shared_needs": list(m.shared)}
                    for m in landscape.missing
                ],
                "alone": [m.key for m in landscape.alone],
                "unsuggested": [m.key for m in landscape.unsuggested],
            }
        )  # fmt: skip
        return 0
    print(
        _("{cooperating} of {nodes} participants cooperate, in {communities} communities.").format(
            cooperating=landscape.cooperating, nodes=landscape.participants, communities=landscape.communities
        )
    )
    print(
        _.plural("{count} bridge", "{count} bridges", len(landscape.bridges))
        + ", "
        + _.plural("{count} missing link worth making", "{count} missing links worth making", len(landscape.missing))
    )
    for n in landscape.nodes[:10]:
        mark = f" [{_('simulated')}]" if n.municipality.simulated else ""
        print(f"  {n.municipality.name}{mark}: " + _.plural("{count} partner", "{count} partners", n.partners))
    return 0
