// On every page. Answers with a 409 or 422 are pages of ours as well: the form with its errors, or the two versions
// of a conflict.
document.addEventListener("htmx:beforeSwap", (event) => {
  if ([409, 422].includes(event.detail.xhr.status)) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});
