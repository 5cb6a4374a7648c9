"""A part on a table under a lamp in a room, seen by a camera: linear light for each pixel.

World axes: x to the right, y away from the camera, z up; the table is z = 0 and the part stands over its
origin. Solids are traced in their own frame, so that rays are turned once and not each point.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from lookalike_tools.parts import raymarch, surfaces
from lookalike_tools.parts.catalog import Material, Part
from lookalike_tools.parts.sdf import Array
from lookalike_tools.parts.view import View

WIDTH, HEIGHT = 640, 480
_FOCAL = 690.0  # pixels: a horizontal field of view of 50 degrees
_PLAIN = np.array([[0.42], [0.42], [0.41]], np.float32)
_LAMP_TINT = np.array([[1.04], [1.0], [0.92]], np.float32)
_SKY_TINT = np.array([[0.95], [0.99], [1.06]], np.float32)


@dataclass(frozen=True)
class _Stage:
    """What the steps of a rendering share; directions are (3, 1), world axes."""

    part: Part
    view: View
    size: float  # radius of the part, mm
    turn: Array  # (3, 3): from the part's frame to the world
    centre: Array  # (3, 1): the part's origin in the world
    eye: Array  # (3, 1): the camera
    lamp: Array  # (3, 1): direction towards the lamp

    @property
    def extent(self) -> Array:
        return np.array(self.part.extent, np.float32)

    def local(self, points: Array) -> Array:
        return self.turn.T @ (points - self.centre)


def shoot(part: Part, view: View) -> Array:
    """Linear RGB (HEIGHT, WIDTH, 3), mid grey about 0.2, of the part in this view."""
    stage = _set_up(part, view)
    rays = _camera_rays(stage)
    x, y = _on_table(stage.eye, rays)
    picture = _table_tone(view, x, y) * _light_on_table(stage, x, y)
    distance, cover = raymarch.trace(
        stage.part.shape, stage.local(stage.eye), stage.turn.T @ rays, stage.extent, pixel=1 / _FOCAL
    )
    seen = np.flatnonzero(cover)
    colour = _shade(stage, rays[:, seen], distance[seen])
    picture[:, seen] += cover[seen] * (colour - picture[:, seen])
    return picture.T.reshape(HEIGHT, WIDTH, 3)


def _set_up(part: Part, view: View) -> _Stage:
    turn = _rotation(view.spin, axis=2) @ _rotation(part.tilt, axis=0)
    extent = np.array(part.extent, np.float32)
    size = float(np.linalg.norm(extent[np.argsort(extent)[1:]]))
    centre = np.array([[0], [0], [raymarch.height(part.shape, turn, extent)]], np.float32)
    away = 2 * size * _FOCAL / (view.fill * HEIGHT)
    eye = centre + away * _towards(180, view.elevation)
    return _Stage(
        part=part,
        view=view,
        size=size,
        turn=turn,
        centre=centre,
        eye=eye,
        lamp=_towards(view.light_azimuth, view.light_elevation),
    )


def _rotation(degrees: float, axis: int) -> Array:
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3, dtype=np.float32)
    matrix[[first, second], [first, second]] = cosine
    matrix[first, second], matrix[second, first] = -sine, sine
    return matrix


def _towards(azimuth: float, elevation: float) -> Array:
    """A direction: azimuth clockwise from +y, elevation above the table."""
    a, e = np.radians(azimuth), np.radians(elevation)
    return np.array([[np.cos(e) * np.sin(a)], [np.cos(e) * np.cos(a)], [np.sin(e)]], np.float32)


def _camera_rays(stage: _Stage) -> Array:
    view = stage.view
    forward = _towards(0, -view.elevation)
    right = np.array([[1], [0], [0]], np.float32)
    up = np.cross(right, forward, axis=0)
    column, row = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
    u = (column.ravel() - (WIDTH - 1) / 2) / _FOCAL - view.shift_x * HEIGHT / _FOCAL
    v = ((HEIGHT - 1) / 2 - row.ravel()) / _FOCAL - view.shift_y * HEIGHT / _FOCAL
    cosine, sine = np.float32(np.cos(np.radians(view.roll))), np.float32(np.sin(np.radians(view.roll)))
    rays = forward + right * (u * cosine - v * sine) + up * (u * sine + v * cosine)
    return raymarch.unit(rays)


def _on_table(start: Array, rays: Array) -> tuple[Array, Array]:
    """Where rays meet the table; those that are nearly level meet it far away."""
    along = start[2] / np.maximum(-rays[2], 0.03)
    return start[0] + along * rays[0], start[1] + along * rays[1]


def _table_tone(view: View, x: Array, y: Array) -> Array:
    """The table's own colour (3, n) at these world coordinates."""
    a = np.radians(view.table_turn)
    u = x * np.float32(np.cos(a)) - y * np.float32(np.sin(a)) + np.float32(view.table_x)
    v = x * np.float32(np.sin(a)) + y * np.float32(np.cos(a)) + np.float32(view.table_y)
    dark, light = np.array(surfaces.SURFACES[view.surface].tones[view.tones], np.float32)[..., None]
    dark, light = (_PLAIN + view.boldness * (end - _PLAIN) for end in (dark, light))
    tone: Array = dark + surfaces.sample(surfaces.tile(view.surface), u, v) * (light - dark)
    return tone


def _light_on_table(stage: _Stage, x: Array, y: Array) -> Array:
    """Light (3, n) arriving at the table; the part's shadows are soft, so half the pixels do."""
    half = np.s_[::2, ::2]
    grid = [axis.reshape(HEIGHT, WIDTH)[half].ravel() for axis in (x, y)]
    points = stage.local(np.stack([*grid, np.zeros_like(grid[0])]))
    shadow = _upscale(_sunlight(stage, points))
    near = np.flatnonzero(np.hypot(*grid) < 2 * stage.size)
    openness = np.ones_like(grid[0])
    up = stage.turn.T @ np.array([[0], [0], [1]], np.float32)
    openness[near] = raymarch.openness(stage.part.shape, points[:, near], up, 0.35 * stage.size)
    reach = 10 * stage.size
    lamp = stage.lamp * reach
    falloff = (reach * reach) / ((x - lamp[0]) ** 2 + (y - lamp[1]) ** 2 + lamp[2] ** 2)
    return _irradiance(stage, np.float32(stage.lamp[2, 0]) * falloff**1.5 * shadow, _upscale(openness))


def _upscale(half: Array) -> Array:
    picture = Image.fromarray(half.reshape(HEIGHT // 2, WIDTH // 2))
    return np.asarray(picture.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)).ravel()


def _sunlight(stage: _Stage, points: Array) -> Array:
    return raymarch.sunlight(
        stage.part.shape, points, stage.turn.T @ stage.lamp, stage.extent, stage.view.softness
    )


def _irradiance(stage: _Stage, lamp: Array, sky: Array) -> Array:
    """Light (3, n) on a surface that sees these shares of the lamp and of the room: about 1 on the table."""
    strength = stage.view.contrast / stage.lamp[2, 0]
    light: Array = _LAMP_TINT * (strength * lamp) + _SKY_TINT * ((1 - stage.view.contrast) * sky)
    return light


def _shade(stage: _Stage, rays: Array, distance: Array) -> Array:
    """Light (3, n) that the part sends back along the rays that meet it."""
    points = stage.eye + distance * rays
    local, width = stage.local(points), 0.7 * distance / _FOCAL
    normal = stage.turn @ raymarch.normals(stage.part.shape, local, width)
    facing = np.clip(-np.sum(normal * rays, axis=0), 0, 1)
    mirrored = rays + 2 * facing * normal
    lamp = np.clip(np.sum(normal * stage.lamp, axis=0), 0, 1)
    lit = np.flatnonzero(lamp)
    lifted = local + (0.02 * stage.size) * (stage.turn.T @ normal)
    lamp[lit] *= _sunlight(stage, lifted[:, lit])
    openness = raymarch.openness(stage.part.shape, local, stage.turn.T @ normal, 0.3 * stage.size)
    clear = raymarch.openness(stage.part.shape, lifted, stage.turn.T @ mirrored, 0.4 * stage.size)
    light = _irradiance(stage, lamp, openness * (0.6 + 0.4 * normal[2]))
    table = _table_tone(stage.view, *_on_table(points, mirrored)) * np.clip(openness, 0.15, 1)
    dirt = surfaces.sample(surfaces.tile("concrete"), local[0] + local[2], local[1] - local[2])

    colour = np.empty_like(points)
    solids = np.stack([solid(*local) for solid, _ in stage.part.solids]).argmin(axis=0)
    for index, (_, material) in enumerate(stage.part.solids):
        own = np.flatnonzero(solids == index)
        room = _room(stage, mirrored[:, own], material.roughness)
        seen = np.where(mirrored[2, own] > 0, room, table[:, own]) * clear[own]
        colour[:, own] = _surface(material, light[:, own], seen, facing[own], dirt[own])
    return colour


def _surface(material: Material, light: Array, mirrored: Array, facing: Array, dirt: Array) -> Array:
    """Light sent back by a surface that receives `light` and mirrors `mirrored`: Schlick's Fresnel term."""
    own = np.array(material.colour, np.float32)[:, None] * (0.75 + 0.4 * dirt)
    head_on = own if material.metal else np.float32(0.04)
    reflectance = head_on + (1 - head_on) * (1 - facing) ** 5 * (1 - material.roughness)
    diffuse = own * light * (0.55 * material.roughness if material.metal else 1)
    return diffuse + reflectance * mirrored


def _room(stage: _Stage, direction: Array, roughness: float) -> Array:
    """Light (3, n) from the room above the table: walls, ceiling, a window, the lamp, a dark photographer."""
    view = stage.view
    sky = 1 - view.contrast
    walls = 0.35 + 0.55 * direction[2] + 0.3 * direction[0] * direction[1]
    window = 1.6 * _patch(direction, _towards(view.light_azimuth + 130, 35), 35, 10 + 30 * roughness)
    person = _patch(direction, _towards(180, view.elevation), 16, 14 + 20 * roughness)
    lamp = _patch(direction, stage.lamp, np.degrees(view.softness) + 6, 5 + 40 * roughness)
    ambient = (2 * sky) * (walls + window) * (1 - 0.75 * person)
    light: Array = _SKY_TINT * ambient + _LAMP_TINT * (3.5 * view.contrast * lamp)
    return light


def _patch(direction: Array, middle: Array, radius: float, edge: float) -> Array:
    """1 inside a disc on the sky, 0 outside, with an edge of this width; degrees."""
    outer, inner = np.cos(np.radians([radius + edge / 2, max(radius - edge / 2, 0)], dtype=np.float32))
    ramp: Array = np.clip((np.sum(direction * middle, axis=0) - outer) / (inner - outer), 0, 1)
    return ramp * ramp * (3 - 2 * ramp)
