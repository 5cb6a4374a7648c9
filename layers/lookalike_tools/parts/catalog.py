"""The parts: their shapes in millimetres, after the usual standards where looks depend on them."""

from dataclasses import dataclass

import numpy as np

from lookalike_tools.parts import sdf
from lookalike_tools.parts.sdf import Array, Shape, intersection, union


@dataclass(frozen=True)
class Material:
    """How a surface answers light: linear RGB in 0..1, metal or not, and roughness in 0..1."""

    colour: tuple[float, float, float]
    metal: bool
    roughness: float


@dataclass(frozen=True)
class Part:
    """A mechanical part: its solids around the origin, and how it lies on the table."""

    solids: tuple[tuple[Shape, Material], ...]
    extent: tuple[float, float, float]  # half the bounding box, mm
    tilt: float = 0.0  # turned about x, degrees

    def shape(self, x: Array, y: Array, z: Array) -> Array:
        """All its solids as one."""
        return union(*(solid(x, y, z) for solid, _ in self.solids))


ZINC = Material((0.66, 0.67, 0.70), True, 0.30)
YELLOW_ZINC = Material((0.80, 0.66, 0.40), True, 0.30)
STEEL = Material((0.60, 0.60, 0.61), True, 0.45)
CHROME = Material((0.80, 0.80, 0.82), True, 0.08)
BRASS = Material((0.86, 0.64, 0.30), True, 0.25)
BLACK_OXIDE = Material((0.16, 0.16, 0.17), True, 0.40)
BAKELITE = Material((0.025, 0.024, 0.026), False, 0.15)


def _hex_nut(x: Array, y: Array, z: Array) -> Array:
    body = sdf.extrude(sdf.polygon(x, y, 6, 6.5), z, 3.25, bevel=0.15)
    corners = sdf.cone(x, y, 3.25 - np.abs(z), radius=6.4, slope=1.73)
    return intersection(body, corners, -_tapped_hole(x, y, z, depth=3.25))


def _square_nut(x: Array, y: Array, z: Array) -> Array:
    body = sdf.extrude(sdf.polygon(x, y, 4, 6.5), z, 2.0, bevel=0.15)
    return intersection(body, -_tapped_hole(x, y, z, depth=2.0))


def _tapped_hole(x: Array, y: Array, z: Array, depth: float) -> Array:
    """An M8 thread through ±`depth`, countersunk at both ends."""
    countersink = sdf.cone(x, y, np.abs(z) - depth, radius=4.4, slope=1.0)
    return union(_m8(x, y, z), countersink)


def _m8(x: Array, y: Array, z: Array) -> Array:
    """The M8 coarse thread of ISO 261, endless."""
    return sdf.thread(x, y, z, radius=4.0, pitch=1.25, depth=0.65)


def _washer(x: Array, y: Array, z: Array) -> Array:
    return sdf.extrude(sdf.ring(x, y, 4.2, 8.0), z, 0.8, bevel=0.25)


def _spur_gear(teeth: int, holes: int = 0) -> Shape:
    """A gear of 36 mm with straight flanks at the usual 20° (ISO 53), a hub, and holes in its web."""
    module = 36 / (teeth + 2)
    pitch_radius, root, tip = module * teeth / 2, module * (teeth / 2 - 1.25), 18.0
    flank = np.float32(np.radians(20))

    def shape(x: Array, y: Array, z: Array) -> Array:
        radius = sdf.length(x, y)
        u, v = sdf.fold(x, y, teeth)
        side = (np.abs(v) - module * np.pi / 4) * np.cos(flank) + (u - pitch_radius) * np.sin(flank)
        outline = union(radius - root, intersection(u - tip, side))
        body = sdf.extrude(outline, z, 4.0, bevel=0.3)
        recess = intersection(sdf.ring(x, y, 8.5, root - 2.5), 2.0 - np.abs(z))
        hub = sdf.extrude(radius - 7.5, z, 5.5, bevel=0.5)
        keyway = intersection(np.abs(x) - 1.5, np.abs(y - 4.0) - 1.6)
        bore = union(radius - 4.0, keyway)
        if holes:
            p, q = sdf.fold(x, y, holes)
            bore = union(bore, sdf.length(p - 11.4, q) - 2.4)
        return intersection(union(intersection(body, -recess), hub), -bore)

    return shape


def _hex_bolt(x: Array, y: Array, z: Array) -> Array:
    head_z = z - 20.0
    head = sdf.extrude(sdf.polygon(x, y, 6, 6.5), head_z, 2.65, bevel=0.15)
    head = intersection(head, sdf.cone(x, y, 2.65 - head_z, radius=6.4, slope=1.73))
    shank = intersection(sdf.length(x, y) - 3.9, np.abs(z - 11.0) - 7.0)
    tip = sdf.cone(x, y, z + 22.65, radius=3.2, slope=1.0)
    threaded = intersection(_m8(x, y, z), np.abs(z + 9.3) - 13.35, tip)
    return union(head, shank, threaded)


def _bearing_rings(x: Array, y: Array, z: Array) -> Array:
    radius = sdf.length(x, y)
    outer = sdf.extrude(intersection(radius - 11.0, 8.9 - radius), z, 3.5, bevel=0.35)
    inner = sdf.extrude(intersection(radius - 6.1, 4.0 - radius), z, 3.5, bevel=0.35)
    track = sdf.length(radius - 7.5, z) - 2.05
    return intersection(union(outer, inner), -track)


def _bearing_balls(x: Array, y: Array, z: Array) -> Array:
    u, v = sdf.fold(x, y, 7)
    return sdf.length(u - 7.5, v, z) - 1.98


def _bearing_cage(x: Array, y: Array, z: Array) -> Array:
    u, v = sdf.fold(x, y, 7)
    band = sdf.extrude(sdf.ring(x, y, 6.9, 8.1), z, 0.9)
    pocket = sdf.length(u - 7.5, v, z) - 1.9
    shell = intersection(np.abs(pocket) - 0.3, sdf.ring(x, y, 6.7, 8.3), np.abs(z) - 1.3)
    return union(band, shell)


def _wing_nut(x: Array, y: Array, z: Array) -> Array:
    hub = intersection(sdf.cone(x, y, z + 5.5, radius=6.3, slope=-0.16), np.abs(z + 1.5) - 4.0)
    # Both sides are alike; a wing is a thin oval that leans outwards.
    side = np.abs(x)
    u, w = side - 10.5, z - 1.5
    wing = intersection(sdf.length(u * 0.95 - w * 0.25, w * 0.85 + u * 0.1) - 5.3, np.abs(y) - 1.5)
    arm = intersection(np.abs(side - 7.0) - 5.0, np.abs(z + 1.8) - 2.4, np.abs(y) - 1.6)
    body = sdf.smooth_union(hub, union(wing, arm), 1.6)
    return intersection(body, -_m8(x, y, z)) * np.float32(0.9)


def _spring(x: Array, y: Array, z: Array) -> Array:
    return intersection(sdf.helix(x, y, z, radius=6.5, pitch=4.0, wire=0.95), np.abs(z) - 15.0)


def _star_knob(x: Array, y: Array, z: Array) -> Array:
    u, v = sdf.fold(x, y, 5)
    outline = sdf.smooth_union(sdf.length(x, y) - 11.0, sdf.length(u - 12.5, v) - 5.0, 4.0)
    grip = sdf.extrude_round(outline, z - 2.5, 5.5, edge=2.5)
    hub = intersection(sdf.length(x, y) - 7.5, np.abs(z + 3) - 5.0)
    return intersection(union(grip, hub), -(sdf.length(x, y) - 5.5))


def _knob_insert(x: Array, y: Array, z: Array) -> Array:
    sleeve = sdf.extrude(sdf.length(x, y) - 5.5, z, 7.4, bevel=0.3)
    return intersection(sleeve, -_m8(x, y, z))


PARTS: dict[str, Part] = {
    "hex-nut-m8": Part(((_hex_nut, ZINC),), (7.6, 7.6, 3.3)),
    "square-nut-m8": Part(((_square_nut, YELLOW_ZINC),), (9.3, 9.3, 2.1)),
    "washer-m8": Part(((_washer, ZINC),), (8.1, 8.1, 0.9)),
    "spur-gear-12t": Part(((_spur_gear(12), STEEL),), (18.1, 18.1, 5.6)),
    "spur-gear-30t": Part(((_spur_gear(30, holes=6), STEEL),), (18.1, 18.1, 5.6)),
    "hex-bolt-m8x40": Part(((_hex_bolt, BLACK_OXIDE),), (7.6, 7.6, 22.7), tilt=94.0),
    "ball-bearing-608": Part(
        ((_bearing_rings, CHROME), (_bearing_balls, CHROME), (_bearing_cage, BRASS)), (11.1, 11.1, 3.6)
    ),
    "wing-nut-m8": Part(((_wing_nut, BRASS),), (17.0, 6.6, 8.5)),
    "compression-spring-15x30": Part(((_spring, STEEL),), (7.6, 7.6, 15.1), tilt=90.0),
    "star-knob-m8": Part(((_star_knob, BAKELITE), (_knob_insert, BRASS)), (17.7, 17.7, 8.1)),
}
