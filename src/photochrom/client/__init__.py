"""A client of the REST service: photos are colorized on another computer, by the same options as here.

    from photochrom import Hint, Options
    from photochrom.client import Client

    with Client("https://photos.example.org", api_key="…") as client:
        photo = client.upload("portrait.jpg")
        client.colorize(photo, "colour.jpg", Options(hints=(Hint(0.3, 0.6, "#7a2030"),)))
        client.remove(photo)

It needs ``pip install "photochrom[client]"``.
"""

from photochrom.client.client import Client, Progress, RemotePhoto

__all__ = ["Client", "Progress", "RemotePhoto"]
