"""Why a request is refused, apart from what may be wrong with its photo or options, as kinds of errors.

    PhotochromError
    └── ServiceError              service-error
        ├── RequestError          request-invalid       it cannot be read, or is not what its address takes
        │   ├── FieldError        field-invalid         a field is missing, unknown or impossible
        │   ├── TooLongError      request-too-long      it has more bytes than are allowed
        │   ├── TooSlowError      request-too-slow      it comes too slowly
        │   ├── UploadStateError  upload-unfinished     an upload is not so far, or another request goes on with it
        │   └── ChecksumError     checksum-mismatch     bytes came that are others than were sent
        ├── AccessError           access-denied         another site's page, or a name that is not the service's
        │   └── TokenError        token-needed          no token, or a wrong one
        ├── NotFoundError         not-found             there is nothing at that address
        │   └── PhotoGoneError    photo-gone            there is no such photo, or its time is over
        ├── UnavailableError      service-unavailable   the service is starting or ending
        └── FullError             service-full          there is no room for another photo or result

Their base is that of all errors (`photochrom.errors`).
"""

from __future__ import annotations

from photochrom.errors import PhotochromError

__all__ = [
    "AccessError",
    "ChecksumError",
    "FieldError",
    "FullError",
    "NotFoundError",
    "PhotoGoneError",
    "RequestError",
    "ServiceError",
    "TokenError",
    "TooLongError",
    "TooSlowError",
    "UnavailableError",
    "UploadStateError",
]


class ServiceError(PhotochromError):
    """Base of what a request meets that is no matter of its photo."""

    code = "service-error"


class RequestError(ServiceError):
    """A request cannot be read, or is not what its address takes."""

    code = "request-invalid"


class FieldError(RequestError):
    """A field of a request is missing, unknown or impossible; it is the subject."""

    code = "field-invalid"


class TooLongError(RequestError):
    """A request has more bytes than are allowed."""

    code = "request-too-long"


class TooSlowError(RequestError):
    """A request comes too slowly."""

    code = "request-too-slow"


class UploadStateError(RequestError):
    """An upload is not as far as the request takes it to be, or another request is going on with it."""

    code = "upload-unfinished"


class ChecksumError(RequestError):
    """The bytes that came are others than those that were sent."""

    code = "checksum-mismatch"


class AccessError(ServiceError):
    """Whoever asks may not: another site's page, or by a name that is not the service's."""

    code = "access-denied"


class TokenError(AccessError):
    """A token is needed, and the request has none, or a wrong one."""

    code = "token-needed"


class NotFoundError(ServiceError):
    """There is nothing at that address."""

    code = "not-found"


class PhotoGoneError(NotFoundError):
    """There is no such photo, or its time is over."""

    code = "photo-gone"


class UnavailableError(ServiceError):
    """The service is starting or ending."""

    code = "service-unavailable"


class FullError(ServiceError):
    """There is no room for another photo or result."""

    code = "service-full"
