from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

LARGEST = 16 * 1024 * 1024  # what the proxy's example lets through as well


class Bounded(FileUploadHandler):
    """Refuses a form with files by what it says of its length, before any of it is kept."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *args: Any, **kwargs: Any) -> None:
        if content_length > LARGEST:
            raise RequestDataTooBig(f"A file may have at most {LARGEST // 1024 // 1024} MB.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
