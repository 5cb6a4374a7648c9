"""Where rays meet a solid, and how much light its surface points see: sphere tracing.

Points and directions are float32 arrays (3, n); distances are in millimetres. See John C. Hart, "Sphere
tracing" (1996), and for soft shadows https://iquilezles.org/articles/rmshadows/.
"""

import numpy as np

from lookalike_tools.parts import sdf
from lookalike_tools.parts.sdf import Array, Shape

_TRACE_STEPS = 56
_SHADOW_STEPS = 16


def unit(vectors: Array) -> Array:
    """The vectors (3, n), each at length 1."""
    scaled: Array = vectors / np.maximum(sdf.length(*vectors), 1e-9)
    return scaled


def cross_box(origin: Array, direction: Array, extent: Array) -> tuple[Array, Array]:
    """Distances at which rays enter and leave the box ±`extent`; a ray misses it where enter >= leave."""
    inverse = 1 / np.where(np.abs(direction) < 1e-9, np.float32(1e-9), direction)
    middle, half = -origin * inverse, np.abs(inverse) * extent[:, None]
    return np.maximum(np.max(middle - half, axis=0), 0), np.min(middle + half, axis=0)


def trace(shape: Shape, origin: Array, direction: Array, extent: Array, pixel: float) -> tuple[Array, Array]:
    """Follow rays to the solid: the distance along each, and how far it covers the ray's pixel (0..1).

    `pixel` is a pixel's width at distance 1. A ray that passes by within a pixel is covered in part, at its
    closest point: that smooths outlines without more rays.
    """
    near, far = cross_box(origin, direction, extent)
    hit_at, closest = near.copy(), np.full_like(near, np.inf)
    rays = np.flatnonzero(near < far)
    start, heading = np.broadcast_to(origin, direction.shape)[:, rays], direction[:, rays]
    along, end = near[rays], far[rays]
    best, best_at = np.full_like(along, np.inf), along.copy()
    for step in range(_TRACE_STEPS):
        gap = shape(*(start + along * heading))
        width = pixel * along
        pixels = gap / width
        closer = pixels < best
        np.copyto(best, pixels, where=closer)
        np.copyto(best_at, along, where=closer)
        done = (pixels < 0.1) | (along > end)
        along = np.where(done, along, along + np.maximum(gap, 0.25 * width))
        if step % 4 == 3 or step == _TRACE_STEPS - 1:
            closest[rays], hit_at[rays] = best, best_at
            going = np.flatnonzero(~done)
            if not going.size:
                break
            rays, along, end = rays[going], along[going], end[going]
            start, heading, best, best_at = start[:, going], heading[:, going], best[going], best_at[going]
    return hit_at, np.where(closest < 0.1, 1, np.clip(1.1 - closest, 0, 1)).astype(np.float32)


def normals(shape: Shape, points: Array, width: Array) -> Array:
    """Unit surface normals, from distances `width` around the points: finer detail is smoothed away."""
    corners = np.array([[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]], np.float32)
    gradient = np.zeros_like(points)
    for corner in corners[..., None]:
        gradient += corner * shape(*(points + corner * width))
    return unit(gradient)


def openness(shape: Shape, points: Array, direction: Array, reach: float) -> Array:
    """How free the way is along `direction` (0..1): ambient occlusion when that is the normal."""
    free = np.ones(points.shape[1], np.float32)
    for fraction, weight in ((0.2, 0.35), (0.5, 0.35), (1.0, 0.3)):
        distance = fraction * reach
        free -= weight * (1 - np.clip(shape(*(points + distance * direction)) / distance, 0, 1))
    return free


def sunlight(shape: Shape, points: Array, light: Array, extent: Array, softness: float) -> Array:
    """How much of a distant light (a direction, (3, 1)) each point sees (0..1).

    `softness` is the light's apparent radius: the larger, the wider the shadow's edge.
    """
    margin = 1 + 2 * softness
    near, far = cross_box(points, np.broadcast_to(light, points.shape), extent * margin)
    seen = np.ones(points.shape[1], np.float32)
    rays = np.flatnonzero(near < far)
    start, along, end = points[:, rays], np.maximum(near[rays], extent.max() * 0.02), far[rays]
    for _ in range(_SHADOW_STEPS):
        if not rays.size:
            break
        gap = shape(*(start + along * light))
        seen[rays] = np.minimum(seen[rays], np.clip(0.5 + 0.5 * gap / (softness * along), 0, 1))
        along = along + np.clip(gap, extent.max() * 0.03, extent.max() * 0.3)
        going = np.flatnonzero((along < end) & (seen[rays] > 0.01))
        rays, start, along, end = rays[going], start[:, going], along[going], end[going]
    return seen * seen * (3 - 2 * seen)


def height(shape: Shape, turn: Array, extent: Array) -> float:
    """How high above the table the origin of a solid lies, turned by the matrix `turn` and set down."""
    size = float(np.linalg.norm(extent))
    grid = np.linspace(-size, size, 72, dtype=np.float32)
    x, y = (axis.ravel() for axis in np.meshgrid(grid, grid))
    below = turn.T @ np.stack([x, y, np.full_like(x, -2 * size)])
    upwards = np.broadcast_to(turn.T @ np.array([[0], [0], [1]], np.float32), below.shape)
    distance, covered = trace(shape, below, upwards, extent, pixel=0.002)
    return 2 * size - float(distance[covered == 1].min())
