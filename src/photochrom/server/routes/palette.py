"""The colours of a reference, for the option `palette`: ``/v1/photos/…/palette``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from photochrom.server.routes.common import WORK_RESPONSES, PhotoId, ServiceDep
from photochrom.server.schema import MOST_COLORS, ColorizeOptions, PaletteColors
from photochrom.workers.jobs import Palette

__all__ = ["router"]

router = APIRouter(prefix="/v1/photos", tags=["photos"])


@router.get("/{photo_id}/palette", response_description="the colours", responses=WORK_RESPONSES)
async def get_palette(
    request: Request,
    photo_id: PhotoId,
    service: ServiceDep,
    colors: Annotated[int, Query(ge=1, le=MOST_COLORS, description="how many")] = 16,
) -> PaletteColors:
    """Take the colours of a kept colour photo, to move those of others towards them."""
    with service.photos.use(photo_id) as photo:
        found = await service.do(request, service.job(Palette, ColorizeOptions(), photo, colors=colors))
    return PaletteColors(palette=found)
